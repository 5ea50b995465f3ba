package mesh.proxy.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.DownstreamTls;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Scope;
import mesh.v1.DrainRequest;
import mesh.v1.DrainResponse;
import mesh.v1.LifecycleServiceGrpc;
import org.junit.jupiter.api.Test;

class DepartureTest {

    private static final List<Address> ADDRESSES = List.of(Address.parse("10.0.0.1:15006"));

    private final CompletableFuture<DrainRequest> asked = new CompletableFuture<>();
    private final CompletableFuture<DrainResponse> answer = new CompletableFuture<>();

    @Test
    void isOverWhenTheControlPlaneHasAnswered() throws Exception {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)).addService(new LifecycleServiceGrpc.LifecycleServiceImplBase() {
            @Override
            public void drain(DrainRequest request, StreamObserver<DrainResponse> out) {
                asked.complete(request);
                answer.thenAccept(response -> {
                    out.onNext(response);
                    out.onCompleted();
                });
            }
        }).build().start();
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
        try {
            CompletableFuture<Void> known = Departure.tell(channel, "pay-1", "first", ADDRESSES, Duration.ofMinutes(1)).toCompletableFuture();
            DrainRequest request = asked.get(20, TimeUnit.SECONDS);
            assertThat(request.getNode()).isEqualTo("pay-1");
            assertThat(request.getInstance()).isEqualTo("first");
            assertThat(request.getAddressesList()).containsExactly("10.0.0.1:15006");
            assertThat(request.getWait().getSeconds()).isEqualTo(45);
            assertThat(known).isNotDone();
            answer.complete(DrainResponse.newBuilder().setEndpoints(1).addWaitingFor("web-1").build());
            assertThat(known).succeedsWithin(Duration.ofSeconds(20));
        } finally {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    @Test
    void isOverWhenThereIsNoControlPlane() {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", 1).usePlaintext().build();
        assertThat(Departure.tell(channel, "pay-1", "first", ADDRESSES, Duration.ofMinutes(1)).toCompletableFuture()).succeedsWithin(Duration.ofSeconds(20));
        channel.shutdownNow();
    }

    @Test
    void othersReachTheListenersThatAskWhoIsCalling() {
        MeshSnapshot snapshot = new MeshSnapshot(1, MeshSnapshot.byName(List.of(
            listener("out", "127.0.0.1:15001", false), listener("one", "10.0.0.1:15006", true), listener("chosen", "10.0.0.1:0", true),
            listener("all", ":15007", true)), Listener::name), Map.of(), Map.of(), Map.of(), Optional.empty());
        assertThat(Departure.reachable(snapshot, Map.of("chosen", Address.parse("10.0.0.1:40000")), List.of("10.0.0.1", "127.0.0.1")))
            .extracting(Address::toString)
            .containsExactly("10.0.0.1:15006", "10.0.0.1:40000", "10.0.0.1:15007", "127.0.0.1:15007");
    }

    private static Listener listener(String name, String bind, boolean inbound) {
        return new Listener(name, Address.parse(bind), Scope.ALL, new Listener.TcpTraffic("app"),
            inbound ? Optional.of(new DownstreamTls(Set.of())) : Optional.empty());
    }
}
