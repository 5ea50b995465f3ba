package mesh.model;

import java.time.Duration;
import java.util.Optional;

/**
 * Requests are held up, or answered with a failure, on purpose: to see what becomes of those who wait for them. Both are drawn by chance and
 * apart from each other; a request of which both are true waits first.
 */
public record FaultPolicy(Optional<Delay> delay, Optional<Abort> abort) {

    public FaultPolicy {
        if (delay.isEmpty() && abort.isEmpty()) {
            throw new IllegalArgumentException("fault: neither a delay nor an abort (expected: one of them, or both)");
        }
    }

    /**
     * Before a request goes on.
     *
     * @param fixed   more than 0; empty for as many milliseconds as the request asks for in {@code x-envoy-fault-delay-request}
     * @param percent of the requests; one that asks may ask for less in {@code x-envoy-fault-delay-request-percentage}
     */
    public record Delay(Optional<Duration> fixed, Percent percent) {
        public Delay {
            fixed.ifPresent(d -> Checks.positive("fault delay", d));
        }
    }

    /**
     * In place of an answer.
     *
     * @param with    empty for what the request asks for in {@code x-envoy-fault-abort-request} or {@code x-envoy-fault-abort-grpc-request}
     * @param percent of the requests; one that asks may ask for less in {@code x-envoy-fault-abort-request-percentage}
     */
    public record Abort(Optional<Status> with, Percent percent) {}

    /** What an aborted request is answered; each is told in the other's words where the client speaks those. */
    public sealed interface Status permits Http, Grpc {}

    /** @param status 200 to 599 */
    public record Http(int status) implements Status {
        public Http {
            Checks.range("fault abort status", status, 200, 599);
        }
    }

    /** @param status 1 (CANCELLED) to 16 (UNAUTHENTICATED) */
    public record Grpc(int status) implements Status {
        public Grpc {
            Checks.range("fault abort gRPC status", status, 1, 16);
        }
    }
}
