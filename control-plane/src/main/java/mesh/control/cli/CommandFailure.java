package mesh.control.cli;

/** A command could not do what it was asked; the message is for the user. Exit code 1. */
class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    CommandFailure(String message) {
        super(message);
    }
}
