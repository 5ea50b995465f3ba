package mesh.proxy.discovery;

import io.grpc.Status;

/** A call that failed, in words for a log: what a status prints by itself has stack traces in it. */
final class CallFailure {

    private CallFailure() {}

    /** The code and what lies at the bottom of it: {@code UNAVAILABLE: Connection refused: /10.0.0.1:15012}. */
    static String words(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        Status status = Status.fromThrowable(failure);
        return status.getCode() + ": " + (last == failure ? status.getDescription() : last.getMessage());
    }
}
