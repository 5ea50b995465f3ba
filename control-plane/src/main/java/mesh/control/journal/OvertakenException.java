package mesh.control.journal;

/** A record was not added, since another process added one that was not known here: take it, and decide again. */
public final class OvertakenException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public OvertakenException(String log) {
        super(log + ": somebody else wrote at the same moment");
    }
}
