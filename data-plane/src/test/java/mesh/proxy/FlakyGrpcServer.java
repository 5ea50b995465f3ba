package mesh.proxy;

import io.grpc.Metadata;
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
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;

/** A gRPC server whose {@link GrpcServer#ECHO} fails so many of its first calls. */
final class FlakyGrpcServer implements AutoCloseable {

    final AtomicInteger calls = new AtomicInteger();
    private final Server server;

    /**
     * @param pushback in the trailers; null for none
     * @param begun    whether a message goes before the failure; without one it is answered with trailers only
     */
    FlakyGrpcServer(Status status, int failures, String pushback, boolean begun) {
        Metadata trailers = new Metadata();
        if (pushback != null) trailers.put(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), pushback);
        ServerServiceDefinition service = ServerServiceDefinition.builder("test.Test").addMethod(
            GrpcServer.ECHO.toBuilder().setType(MethodDescriptor.MethodType.SERVER_STREAMING).build(),
            ServerCalls.asyncServerStreamingCall((byte[] request, StreamObserver<byte[]> answer) -> {
                boolean fails = calls.incrementAndGet() <= failures;
                if (!fails || begun) answer.onNext(request);
                if (fails) answer.onError(status.asRuntimeException(trailers));
                else answer.onCompleted();
            })).build();
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).addService(service).build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Address address() {
        return new Address("127.0.0.1", server.getPort());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
