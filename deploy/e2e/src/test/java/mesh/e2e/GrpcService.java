package mesh.e2e;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;

/** A plain gRPC service, as a workload without a sidecar. Answers every call with its name. */
final class GrpcService implements AutoCloseable {

    private static final MethodDescriptor<String, String> NAME = MethodDescriptor.<String, String>newBuilder()
        .setType(MethodType.UNARY)
        .setFullMethodName("mesh.e2e.Named/Name")
        .setRequestMarshaller(new Text())
        .setResponseMarshaller(new Text())
        .build();

    private final AtomicInteger calls = new AtomicInteger();
    private final Server server;

    GrpcService(String name) throws IOException {
        this(name, InsecureServerCredentials.create());
    }

    GrpcService(String name, ServerCredentials credentials) throws IOException {
        this(name, credentials, Status.OK);
    }

    /** One that answers, and then says in its trailers that it has failed. */
    static GrpcService failing(String name) throws IOException {
        return new GrpcService(name, InsecureServerCredentials.create(), Status.INTERNAL);
    }

    private GrpcService(String name, ServerCredentials credentials, Status end) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0), credentials)
            .addService(ServerServiceDefinition.builder("mesh.e2e.Named").addMethod(NAME, ServerCalls.asyncUnaryCall((request, out) -> {
                calls.incrementAndGet();
                out.onNext(name);
                if (end.isOk()) out.onCompleted();
                else out.onError(end.asRuntimeException());
            })).build())
            .build().start();
    }

    /** The name of whoever answers. Waits for no more than 20 s, also for a channel that is not ready yet. */
    static String call(Channel channel) {
        return ClientCalls.blockingUnaryCall(channel, NAME, CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(20, TimeUnit.SECONDS), "");
    }

    /** The same, but fails at once while nobody can be reached. */
    static String callNow(Channel channel) {
        return ClientCalls.blockingUnaryCall(channel, NAME, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), "");
    }

    int calls() {
        return calls.get();
    }

    Address address() {
        return new Address("127.0.0.1", server.getPort());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private static final class Text implements Marshaller<String> {

        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
