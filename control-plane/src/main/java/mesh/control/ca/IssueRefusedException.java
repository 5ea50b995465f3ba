package mesh.control.ca;

/** A certificate or a token was not given; the message may be shown to who asked. */
public final class IssueRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Why, as far as the caller can do something about it. */
    public enum Reason {
        /** No certificate, and no token that is good. */
        UNPROVEN,
        /** The request itself is wrong. */
        INVALID,
        /** The caller is known and may not have this. */
        FORBIDDEN,
        /** Too many for one identity. */
        TOO_MANY,
        /** What must be durable could not be made so. */
        UNAVAILABLE
    }

    private final Reason reason;

    IssueRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
