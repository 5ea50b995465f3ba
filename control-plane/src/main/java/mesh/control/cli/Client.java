package mesh.control.cli;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import mesh.model.Address;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import mesh.v1.CaServiceGrpc;
import mesh.v1.CaServiceGrpc.CaServiceBlockingStub;
import picocli.CommandLine.Option;

/** The options that reach a control plane, and calls to it. */
final class Client {

    private static final int MOST_BYTES = 64 << 20;

    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Path USUAL_TOKEN = Path.of("mesh-data", "admin.token");

    @Option(names = "--address", paramLabel = "HOST:PORT",
        description = "of the control plane (default: 127.0.0.1:15010, its plaintext port; with --cacert 127.0.0.1:15012)")
    private Address address;

    @Option(names = "--cacert", paramLabel = "FILE", description = "speak TLS, and trust this authority: roots.pem of the control plane's data directory")
    private Path authority;

    @Option(names = "--cert", paramLabel = "FILE", description = "client certificate, of an identity with a role; with --key")
    private Path certificate;

    @Option(names = "--key", paramLabel = "FILE", description = "its key, PKCS#8")
    private Path key;

    @Option(names = "--token-file", paramLabel = "FILE",
        description = "admin.token of the control plane's data directory (default: mesh-data/admin.token where that can be read)")
    private Path tokenFile;

    @Option(names = "--timeout", paramLabel = "DURATION", defaultValue = "10s", description = "how long to wait (default: ${DEFAULT-VALUE})")
    private Duration timeout;

    /**
     * Calls the admin API.
     *
     * @throws CommandFailure with what the control plane answered, or that it is not there
     */
    <T> T call(Function<AdminServiceBlockingStub, T> rpc) {
        return with(channel -> rpc.apply(bounded(AdminServiceGrpc.newBlockingStub(channel))));
    }

    /** As above, of the certificate authority's API. */
    <T> T callCa(Function<CaServiceBlockingStub, T> rpc) {
        return with(channel -> rpc.apply(bounded(CaServiceGrpc.newBlockingStub(channel))));
    }

    /** A stub of the admin API that waits for so much longer. */
    AdminServiceBlockingStub patient(Channel channel, Duration more) {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(timeout.plus(more).toMillis(), TimeUnit.MILLISECONDS);
    }

    /** A stub that waits no longer than was asked for. */
    <S extends AbstractStub<S>> S bounded(S stub) {
        return stub.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Calls whatever the control plane serves, with what the options say of the caller.
     *
     * @throws CommandFailure as {@link #call}
     */
    <T> T with(Function<Channel, T> calls) {
        String target = target();
        Metadata headers = headers();
        ManagedChannel channel = channel(target);
        try {
            return calls.apply(ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)));
        } catch (StatusRuntimeException e) {
            throw RefusedWrite.of(e).map(CommandFailure.class::cast).orElseGet(() -> new CommandFailure(told(e, target)));
        } finally {
            channel.shutdownNow();
        }
    }

    private String target() {
        if (address == null) {
            return authority == null ? "127.0.0.1:15010" : "127.0.0.1:15012";
        }
        return (address.host().isEmpty() ? new Address("127.0.0.1", address.port()) : address).toString();
    }

    private ManagedChannel channel(String target) {
        // Refusals list their problems in the trailers, which may be longer than the 8 KiB that clients take unless told.
        NettyChannelBuilder channel = NettyChannelBuilder.forTarget("dns:///" + target)
            .maxInboundMessageSize(MOST_BYTES).maxInboundMetadataSize(1 << 20);
        if (authority == null && certificate == null && key == null) {
            return channel.usePlaintext().build();
        }
        if (authority == null || (certificate == null) != (key == null)) {
            throw new CommandFailure("--cert, --key: (expected: both, and --cacert with them)");
        }
        try {
            SslContextBuilder tls = GrpcSslContexts.forClient().trustManager(authority.toFile());
            if (certificate != null) {
                tls.keyManager(certificate.toFile(), key.toFile());
            }
            return channel.sslContext(tls.build()).build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new CommandFailure("--cacert, --cert, --key: " + (e.getCause() == null ? e.getMessage() : e.getCause().getMessage())
                + " (expected: files in PEM)");
        }
    }

    private Metadata headers() {
        Metadata headers = new Metadata();
        Path file = tokenFile != null ? tokenFile : Files.isReadable(USUAL_TOKEN) ? USUAL_TOKEN : null;
        if (file != null) {
            try {
                headers.put(AUTHORIZATION, "Bearer " + Files.readString(file).strip());
            } catch (IOException e) {
                throw new CommandFailure("--token-file: " + Shell.message(e));
            }
        }
        return headers;
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
