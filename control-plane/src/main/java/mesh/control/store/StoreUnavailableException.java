package mesh.control.store;

/** A write could not be made durable, so it was refused; what was there before still is, and reads go on. */
public final class StoreUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean full;

    StoreUnavailableException(String message, boolean full, Throwable cause) {
        super(message, cause);
        this.full = full;
    }

    /** Whether space is what is missing. */
    public boolean isFull() {
        return full;
    }
}
