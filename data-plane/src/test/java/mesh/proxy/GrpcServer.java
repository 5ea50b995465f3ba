package mesh.proxy;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import mesh.model.Address;

/** A real gRPC server on loopback, without any .proto: messages are bytes. And a client for it. */
final class GrpcServer implements AutoCloseable {

    static final MethodDescriptor<byte[], byte[]> ECHO = method("echo", MethodType.UNARY);
    static final MethodDescriptor<byte[], byte[]> FAIL = method("fail", MethodType.UNARY);
    static final MethodDescriptor<byte[], byte[]> HANG = method("hang", MethodType.UNARY);
    static final MethodDescriptor<byte[], byte[]> CHAT = method("chat", MethodType.BIDI_STREAMING);
    static final MethodDescriptor<byte[], byte[]> COUNT = method("count", MethodType.SERVER_STREAMING);

    final AtomicInteger calls = new AtomicInteger();
    final CountDownLatch hangCancelled = new CountDownLatch(1);
    private final Server server;

    GrpcServer() {
        ServerServiceDefinition service = ServerServiceDefinition.builder("test.Test")
            .addMethod(ECHO, unary(request -> request))
            .addMethod(FAIL, ServerCalls.asyncUnaryCall((byte[] request, StreamObserver<byte[]> answer) ->
                answer.onError(Status.NOT_FOUND.withDescription("no such thing: ½").asRuntimeException())))
            .addMethod(HANG, ServerCalls.asyncUnaryCall((byte[] request, StreamObserver<byte[]> answer) ->
                ((ServerCallStreamObserver<byte[]>) answer).setOnCancelHandler(hangCancelled::countDown)))
            .addMethod(COUNT, ServerCalls.asyncServerStreamingCall((byte[] request, StreamObserver<byte[]> answer) -> {
                for (int i = 0; i < request.length; i++) answer.onNext(new byte[] {request[i]});
                answer.onCompleted();
            }))
            .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(answer -> answer))
            .build();
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(64 << 20).addService(service).build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Address address() {
        return new Address("127.0.0.1", server.getPort());
    }

    static ManagedChannel connect(Address to) {
        return NettyChannelBuilder.forAddress(to.host(), to.port()).usePlaintext().maxInboundMessageSize(64 << 20).build();
    }

    static byte[] call(ManagedChannel channel, MethodDescriptor<byte[], byte[]> method, byte[] request) {
        return ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), request);
    }

    private ServerCallHandler<byte[], byte[]> unary(UnaryOperator<byte[]> behaviour) {
        return ServerCalls.asyncUnaryCall((byte[] request, StreamObserver<byte[]> answer) -> {
            calls.incrementAndGet();
            answer.onNext(behaviour.apply(request));
            answer.onCompleted();
        });
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.newBuilder(new Bytes(), new Bytes()).setFullMethodName("test.Test/" + name).setType(type).build();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
