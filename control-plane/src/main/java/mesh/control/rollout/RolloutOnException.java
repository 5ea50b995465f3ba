package mesh.control.rollout;

/** Something was asked for that cannot be while a rollout is on; the message says how far that is. */
public final class RolloutOnException extends RuntimeException {

    private static final long serialVersionUID = 1;

    RolloutOnException(String message) {
        super(message);
    }
}
