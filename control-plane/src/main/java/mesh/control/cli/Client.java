package mesh.control.cli;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import mesh.model.Address;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import picocli.CommandLine.Option;

/** The options that reach a control plane, and one call to it. */
final class Client {

    private static final int MOST_BYTES = 64 << 20;

    @Option(names = "--address", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:15010",
        description = "the control plane's plaintext port (default: ${DEFAULT-VALUE})")
    private Address address;

    @Option(names = "--timeout", paramLabel = "DURATION", defaultValue = "10s", description = "how long to wait (default: ${DEFAULT-VALUE})")
    private Duration timeout;

    /**
     * Calls the admin API.
     *
     * @throws CommandFailure with what the control plane answered, or that it is not there
     */
    <T> T call(Function<AdminServiceBlockingStub, T> rpc) {
        String target = (address.host().isEmpty() ? new Address("127.0.0.1", address.port()) : address).toString();
        // Refusals list their problems in the trailers, which may be longer than the 8 KiB that clients take unless told.
        ManagedChannel channel = NettyChannelBuilder.forTarget("dns:///" + target).usePlaintext()
            .maxInboundMessageSize(MOST_BYTES).maxInboundMetadataSize(1 << 20).build();
        try {
            return rpc.apply(AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            throw new CommandFailure(told(e, target));
        } finally {
            channel.shutdownNow();
        }
    }

    private String told(StatusRuntimeException e, String target) {
        String description = e.getStatus().getDescription();
        return switch (e.getStatus().getCode()) {
            case UNAVAILABLE -> isFromServer(e) ? description
                : "no control plane answers at " + target + " (start one with `mesh control-plane start`, or give --address)";
            case DEADLINE_EXCEEDED -> "the control plane at " + target + " did not answer within " + timeout.toMillis() + "ms";
            case UNIMPLEMENTED -> "what answers at " + target + " is no mesh control plane: " + description;
            default -> description == null ? e.getStatus().getCode().toString() : description;
        };
    }

    /** A status that the channel made up itself has no trailers. */
    private static boolean isFromServer(StatusRuntimeException e) {
        return e.getTrailers() != null && !e.getTrailers().keys().isEmpty();
    }
}
