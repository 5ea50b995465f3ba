package mesh.e2e;

import com.google.protobuf.Int64Value;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;

/** Bidirectional gRPC streams of numbered messages, each of which is to come back once and in its turn. */
final class NumberedStreams implements AutoCloseable {

    private static final MethodDescriptor<Int64Value, Int64Value> ECHO = MethodDescriptor.<Int64Value, Int64Value>newBuilder()
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName("mesh.e2e.Numbers/Echo")
        .setRequestMarshaller(ProtoUtils.marshaller(Int64Value.getDefaultInstance()))
        .setResponseMarshaller(ProtoUtils.marshaller(Int64Value.getDefaultInstance()))
        .build();
    private static final long PAUSE_MILLIS = 2;

    private final ManagedChannel channel;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final List<Stream> streams = new ArrayList<>();
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());

    private NumberedStreams(Address target) {
        channel = NettyChannelBuilder.forAddress(target.host(), target.port()).usePlaintext().build();
    }

    /** A plain service that sends back what it gets. */
    static Server service() throws IOException {
        ServerServiceDefinition echo = ServerServiceDefinition.builder("mesh.e2e.Numbers").addMethod(ECHO, ServerCalls.asyncBidiStreamingCall(out ->
            new StreamObserver<Int64Value>() {
                @Override
                public void onNext(Int64Value number) {
                    out.onNext(number);
                }

                @Override
                public void onError(Throwable cause) {
                    // The client tells.
                }

                @Override
                public void onCompleted() {
                    out.onCompleted();
                }
            })).build();
        return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)).addService(echo).build().start();
    }

    static NumberedStreams start(Address target, int count) {
        NumberedStreams all = new NumberedStreams(target);
        for (int i = 0; i < count; i++) all.open();
        return all;
    }

    /** Opens one more. */
    void open() {
        Stream stream = new Stream(streams.size());
        streams.add(stream);
        stream.sending = clock.scheduleWithFixedDelay(stream::send, 0, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Waits until every stream has got back so many more than it had at the call. */
    void awaitMore(int messages) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (Stream stream : streams) {
            for (long goal = stream.received + messages; stream.received < goal; Thread.sleep(2)) {
                if (!failures.isEmpty() || System.nanoTime() > end) throw new AssertionError(stream + "; failures: " + failures);
            }
        }
    }

    /** Says on every stream that it was all, and waits for the other side to say so too. @return what went wrong, ever */
    List<String> finish() throws Exception {
        for (Stream stream : streams) {
            stream.sending.cancel(false);
            clock.submit(stream.out::onCompleted).get(20, TimeUnit.SECONDS);
        }
        for (Stream stream : streams) {
            if (!stream.completed.await(30, TimeUnit.SECONDS)) failures.add(stream + " has no end");
            else if (stream.received != stream.sent) failures.add(stream + " has lost messages");
        }
        return List.copyOf(failures);
    }

    @Override
    public void close() {
        clock.shutdownNow();
        channel.shutdownNow();
    }

    private final class Stream implements StreamObserver<Int64Value> {

        private final int number;
        private final CountDownLatch completed = new CountDownLatch(1);
        private final StreamObserver<Int64Value> out;
        private Future<?> sending;
        private volatile long sent;
        private volatile long received;

        Stream(int number) {
            this.number = number;
            this.out = ClientCalls.asyncBidiStreamingCall(channel.newCall(ECHO, CallOptions.DEFAULT), this);
        }

        void send() {
            out.onNext(Int64Value.of(sent));
            sent++;
        }

        @Override
        public void onNext(Int64Value got) {
            if (got.getValue() == received) received++;
            else failures.add(this + " got " + got.getValue());
        }

        @Override
        public void onError(Throwable cause) {
            failures.add(this + ": " + cause);
            completed.countDown();
        }

        @Override
        public void onCompleted() {
            completed.countDown();
        }

        @Override
        public String toString() {
            return "stream " + number + " (" + sent + " sent, " + received + " back)";
        }
    }
}
