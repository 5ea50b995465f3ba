package mesh.control.up;

import com.google.protobuf.Empty;
import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;

/** What payments offers by gRPC, on a port of its own: who answers, and who was calling. It knows nothing of the mesh either. */
final class ExampleCalls implements AutoCloseable {

    /** The path of every call begins with it. */
    static final String SERVICE = "example.Payments";

    private static final MethodDescriptor<Empty, StringValue> PAY = MethodDescriptor.<Empty, StringValue>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(SERVICE + "/Pay")
        .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
        .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
        .build();
    private static final Metadata.Key<String> CLIENT_CERT = Metadata.Key.of(ExampleService.CLIENT_CERT, Metadata.ASCII_STRING_MARSHALLER);

    private final Server server;

    ExampleCalls(String instance) {
        ServerCallHandler<Empty, StringValue> pay = (call, metadata) -> {
            String answer = ExampleService.answer(instance, metadata.get(CLIENT_CERT));
            return ServerCalls.<Empty, StringValue>asyncUnaryCall((nothing, out) -> {
                out.onNext(StringValue.of(answer));
                out.onCompleted();
            }).startCall(call, metadata);
        };
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder(SERVICE).addMethod(PAY, pay).build()).build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The way to a sidecar, for {@link #pay}. */
    static ManagedChannel channel(Address sidecar) {
        return NettyChannelBuilder.forAddress(sidecar.host(), sidecar.port()).usePlaintext().build();
    }

    /** Calls payments, and returns what it answers. */
    static String pay(ManagedChannel sidecar) {
        return ClientCalls.blockingUnaryCall(sidecar, PAY, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS), Empty.getDefaultInstance()).getValue();
    }

    Address address() {
        return new Address("127.0.0.1", server.getPort());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
