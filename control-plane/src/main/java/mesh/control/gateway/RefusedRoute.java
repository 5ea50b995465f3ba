package mesh.control.gateway;

/** A route asks for what cannot be: the whole of it is left out. The message names value, expectation and place. */
final class RefusedRoute extends RuntimeException {

    private static final long serialVersionUID = 1;

    RefusedRoute(String message) {
        super(message);
    }
}
