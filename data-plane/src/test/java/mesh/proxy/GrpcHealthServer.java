package mesh.proxy;

import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.Address;

/** A real gRPC server with {@code grpc.health.v1.Health}, its two messages by hand. */
final class GrpcHealthServer implements AutoCloseable {

    static final int SERVING = 1;
    static final int NOT_SERVING = 2;

    private final Map<String, Integer> statuses = new ConcurrentHashMap<>();
    private final Server server;

    GrpcHealthServer() {
        MethodDescriptor<byte[], byte[]> check = GrpcServer.ECHO.toBuilder().setFullMethodName("grpc.health.v1.Health/Check").build();
        ServerServiceDefinition service = ServerServiceDefinition.builder("grpc.health.v1.Health")
            .addMethod(check, ServerCalls.asyncUnaryCall((byte[] request, StreamObserver<byte[]> answer) -> {
                String name = new String(request, 2, request.length - 2, StandardCharsets.UTF_8);
                Integer status = statuses.get(name);
                if (status == null) {
                    answer.onError(Status.NOT_FOUND.withDescription(name).asRuntimeException());
                    return;
                }
                answer.onNext(new byte[] {1 << 3, status.byteValue()});
                answer.onCompleted();
            })).build();
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).addService(service).build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void say(String service, int status) {
        statuses.put(service, status);
    }

    void forget(String service) {
        statuses.remove(service);
    }

    Address address() {
        return new Address("127.0.0.1", server.getPort());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
