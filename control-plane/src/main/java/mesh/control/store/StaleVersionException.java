package mesh.control.store;

/** An edit was made from a version that is not the current one: somebody else was faster. */
public final class StaleVersionException extends RuntimeException {

    private static final long serialVersionUID = 1;

    StaleVersionException(long expected, long current) {
        super("expected_version: " + Long.toUnsignedString(expected) + " (expected: " + current
            + ", the current one); read the configuration again and repeat the change on it");
    }
}
