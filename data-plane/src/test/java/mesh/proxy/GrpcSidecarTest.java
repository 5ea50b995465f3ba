package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.ConnectionPolicy;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.Timeouts;
import mesh.model.UpstreamProtocol;
import mesh.pki.TestPki;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** grpc-java's client and server, with two sidecars and mTLS between them. */
class GrpcSidecarTest {

    private static final ConnectionPolicy PATIENT =
        new ConnectionPolicy(Duration.ofSeconds(10), Optional.empty(), UpstreamProtocol.DOWNSTREAM, 1024, 1024, 1024);

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar outbound = new Sidecar(Env.system(), 2);
    private final Sidecar inbound = new Sidecar(Env.system(), 2);
    private final List<GrpcServer> servers = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();

    @AfterEach
    void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        outbound.close();
        inbound.close();
        servers.forEach(GrpcServer::close);
    }

    @Test
    void carriesUnaryCalls() {
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, server());
        assertThat(GrpcServer.call(channel, GrpcServer.ECHO, new byte[0])).isEmpty();
        assertThat(GrpcServer.call(channel, GrpcServer.ECHO, "hello".getBytes())).isEqualTo("hello".getBytes());
    }

    @Test
    void carriesLargeMessagesBothWays() {
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, server());
        byte[] large = new byte[20 << 20];
        new Random(1).nextBytes(large);
        assertThat(Arrays.equals(GrpcServer.call(channel, GrpcServer.ECHO, large), large)).isTrue();
    }

    @Test
    void carriesAServersStream() {
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, server());
        byte[] wanted = new byte[5000];
        new Random(1).nextBytes(wanted);
        Iterator<byte[]> answers = ClientCalls.blockingServerStreamingCall(channel, GrpcServer.COUNT, CallOptions.DEFAULT, wanted);
        for (byte each : wanted) assertThat(answers.next()).containsExactly(each);
        assertThat(answers.hasNext()).isFalse();
    }

    @Test
    void carriesAConversationInOrder() throws Exception {
        Conversation talk = new Conversation(throughMesh(Timeouts.DEFAULT, server()));
        for (int i = 0; i < 2000; i++) talk.say(i);
        assertThat(talk.end().get(20, TimeUnit.SECONDS)).hasSize(2000).isSorted();
    }

    /** A stream of hours is not a request that takes too long. */
    @Test
    void doesNotCutAStreamAtTheRoutesTimeouts() throws Exception {
        Conversation talk = new Conversation(throughMesh(new Timeouts(Duration.ofMillis(50), Duration.ofMillis(50)), server()));
        talk.say(1);
        talk.heard.acquire();
        // Three times as long as the route allows; a route that held would have cut it by then.
        Thread.sleep(150);
        talk.say(2);
        assertThat(talk.end().get(20, TimeUnit.SECONDS)).containsExactly(1, 2);
    }

    @Test
    void passesStatusMessageAndTrailers() {
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, server());
        assertThatThrownBy(() -> GrpcServer.call(channel, GrpcServer.FAIL, new byte[1]))
            .isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
                assertThat(e.getStatus().getDescription()).isEqualTo("no such thing: ½");
            });
    }

    @Test
    void endsACallWhoseDeadlineHasPassed() throws Exception {
        GrpcServer server = server();
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, server);
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(
            channel, GrpcServer.HANG, CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS), new byte[1]))
            .isInstanceOfSatisfying(StatusRuntimeException.class, e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
        assertThat(server.hangCancelled.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void passesACancellationOn() throws Exception {
        GrpcServer server = server();
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, server);
        ClientCall<byte[], byte[]> call = channel.newCall(GrpcServer.HANG, CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(new byte[1]);
        call.halfClose();
        call.request(1);
        GrpcServer.call(channel, GrpcServer.ECHO, new byte[1]);
        call.cancel("enough", null);
        assertThat(server.hangCancelled.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void tellsItsOwnFailuresAsStatuses() {
        GrpcServer gone = server();
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, gone);
        gone.close();
        assertThatThrownBy(() -> GrpcServer.call(channel, GrpcServer.ECHO, new byte[1]))
            .isInstanceOfSatisfying(StatusRuntimeException.class, e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void opensABreakerOnStatusesInTrailersAsOnThoseWithoutAnAnswer(boolean begun) {
        try (FlakyGrpcServer server = new FlakyGrpcServer(Status.INTERNAL, Integer.MAX_VALUE, null, begun)) {
            ManagedChannel channel = behindABreaker(server);
            for (int i = 0; i < 4; i++) assertThat(code(channel)).isEqualTo(Status.Code.INTERNAL);
            assertThat(code(channel)).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(server.calls).hasValue(4);
        }
    }

    @Test
    void opensNoBreakerOnStatusesThatAreTheCallersFault() {
        try (FlakyGrpcServer server = new FlakyGrpcServer(Status.NOT_FOUND, Integer.MAX_VALUE, null, false)) {
            ManagedChannel channel = behindABreaker(server);
            for (int i = 0; i < 10; i++) assertThat(code(channel)).isEqualTo(Status.Code.NOT_FOUND);
        }
    }

    @Test
    void keepsCallsFromAServerThatFailsThemQuickly() {
        try (FlakyGrpcServer bad = new FlakyGrpcServer(Status.UNAVAILABLE, Integer.MAX_VALUE, null, false)) {
            GrpcServer good = server();
            apply(outbound, Snapshots.http().balancer(BalancerKind.PEAK_EWMA).connections(PATIENT).to(bad.address(), 1).to(good.address(), 1));
            ManagedChannel channel = connect(outbound);
            for (int i = 0; i < 100; i++) code(channel);
            assertThat(bad.calls.get()).isBetween(1, 20);
        }
    }

    private ManagedChannel behindABreaker(FlakyGrpcServer server) {
        apply(outbound, Snapshots.http().breaker(new CircuitBreakerPolicy(4, 1, Duration.ofHours(1))).connections(PATIENT).to(server.address(), 1));
        return connect(outbound);
    }

    private static Status.Code code(ManagedChannel channel) {
        try {
            GrpcServer.call(channel, GrpcServer.ECHO, new byte[1]);
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    /** Clients keep one connection for good; the calls on it must not all go to one server. */
    @Test
    void balancesCallsAndNotConnections() {
        GrpcServer one = server();
        GrpcServer two = server();
        ManagedChannel channel = throughMesh(Timeouts.DEFAULT, one, two);
        for (int i = 0; i < 100; i++) GrpcServer.call(channel, GrpcServer.ECHO, new byte[1]);
        assertThat(one.calls).hasValue(50);
        assertThat(two.calls).hasValue(50);
    }

    @Test
    void tellsAGrpcClientWhatAnUpstreamAnswersThatSpeaksNone() {
        try (TestUpstream web = new TestUpstream(exchange -> TestUpstream.text(exchange, 404, "not here"))) {
            apply(outbound, Snapshots.http().connections(http1()).to(web.address(), 1));
            ManagedChannel channel = connect(outbound);
            assertThatThrownBy(() -> GrpcServer.call(channel, GrpcServer.ECHO, new byte[1]))
                .isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
                    assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
                    assertThat(e.getStatus().getDescription()).contains("404");
                });
        }
    }

    private static ConnectionPolicy http1() {
        return new ConnectionPolicy(Duration.ofSeconds(10), Optional.empty(), UpstreamProtocol.HTTP1, 1024, 1024, 1024);
    }

    private GrpcServer server() {
        GrpcServer server = new GrpcServer();
        servers.add(server);
        return server;
    }

    private ManagedChannel throughMesh(Timeouts timeouts, GrpcServer... to) {
        inbound.rotate(pki.svid("payments"), pki.bundle());
        outbound.rotate(pki.svid("web"), pki.bundle());
        Snapshots in = Snapshots.http().connections(PATIENT).timeouts(timeouts).downstreamTls(new DownstreamTls(Set.of(pki.id("web"))));
        for (GrpcServer each : to) in.to(each.address(), 1);
        apply(inbound, in);
        Address mtls = inbound.bound().get("web");
        apply(outbound, Snapshots.http().connections(PATIENT).timeouts(timeouts).to(new Endpoint(mtls, 1, Optional.of(pki.id("payments")))));
        return connect(outbound);
    }

    private ManagedChannel connect(Sidecar sidecar) {
        ManagedChannel channel = GrpcServer.connect(sidecar.bound().get("web"));
        channels.add(channel);
        return channel;
    }

    private static void apply(Sidecar sidecar, Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    /** Numbers, said and heard again. */
    private static final class Conversation {

        private final List<Integer> echoed = new ArrayList<>();
        private final CompletableFuture<List<Integer>> ended = new CompletableFuture<>();
        private final StreamObserver<byte[]> speaker;
        final Semaphore heard = new Semaphore(0);

        Conversation(ManagedChannel channel) {
            speaker = ClientCalls.asyncBidiStreamingCall(channel.newCall(GrpcServer.CHAT, CallOptions.DEFAULT), new StreamObserver<byte[]>() {
                @Override
                public void onNext(byte[] value) {
                    echoed.add(ByteBuffer.wrap(value).getInt());
                    heard.release();
                }

                @Override
                public void onError(Throwable failure) {
                    ended.completeExceptionally(failure);
                }

                @Override
                public void onCompleted() {
                    ended.complete(echoed);
                }
            });
        }

        void say(int number) {
            speaker.onNext(ByteBuffer.allocate(4).putInt(number).array());
        }

        CompletableFuture<List<Integer>> end() {
            speaker.onCompleted();
            return ended;
        }
    }
}
