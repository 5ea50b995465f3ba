package mesh.control.up;

/** A step of {@code mesh up} went wrong; the message is for its user, with what is needed to find out why. */
final class UpFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    UpFailure(String message) {
        super(message);
    }
}
