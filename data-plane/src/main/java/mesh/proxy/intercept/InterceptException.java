package mesh.proxy.intercept;

/** Why rules could not be read or changed. Nothing was. */
public final class InterceptException extends Exception {

    private static final long serialVersionUID = 1L;

    InterceptException(String message) {
        super(message);
    }
}
