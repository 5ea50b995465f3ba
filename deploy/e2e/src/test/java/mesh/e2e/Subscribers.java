package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import mesh.model.Address;
import mesh.xds.ResourceType;

/**
 * Subscribers by delta, each on a connection of its own, all on one thread of this process: what so many sidecars of one workload ask for,
 * without the sidecars. They acknowledge everything at once.
 */
final class Subscribers implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 180;

    private final NioEventLoopGroup loop = new NioEventLoopGroup(1);
    private final List<ManagedChannel> channels;
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final Map<ResourceType, Map<String, Resource>> firsts = new LinkedHashMap<>();
    private final AtomicLong resources = new AtomicLong();
    private volatile Round round = new Round(0, 0);

    /** How many endpoint sets each subscriber is to get, and who has yet to. */
    private record Round(int sets, CountDownLatch missing) {
        Round(int sets, int subscribers) {
            this(sets, new CountDownLatch(subscribers));
        }
    }

    Subscribers(Address server, int count) {
        channels = IntStream.range(0, count).mapToObj(i -> NettyChannelBuilder.forAddress(server.host(), server.port()).usePlaintext()
            .eventLoopGroup(loop).channelType(NioSocketChannel.class).directExecutor().flowControlWindow(256 << 10)
            .maxInboundMessageSize(64 << 20).build()).toList();
    }

    /** All streams begin anew, with nothing. */
    void connect() {
        subscribers.forEach(Subscriber::leave);
        subscribers.clear();
        for (int i = 0; i < channels.size(); i++) subscribers.add(new Subscriber(i, channels.get(i)));
    }

    /** Begins to count: each subscriber is to get so many endpoint sets from now on. */
    void expect(int sets) {
        resources.set(0);
        round = new Round(sets, channels.size());
    }

    /** Waits until each has got, and acknowledged, what was expected. */
    void await() throws InterruptedException {
        assertThat(round.missing.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("%d subscribers wait for %d endpoint sets", round.missing.getCount(), round.sets)
            .isTrue();
    }

    /** Of every type, sent to all together since {@link #expect}. */
    long resources() {
        return resources.get();
    }

    /** What the first subscriber has last been sent. */
    Map<ResourceType, Map<String, Resource>> held() {
        synchronized (firsts) {
            return firsts;
        }
    }

    @Override
    public void close() throws InterruptedException {
        subscribers.forEach(Subscriber::leave);
        channels.forEach(ManagedChannel::shutdownNow);
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    private final class Subscriber implements StreamObserver<DeltaDiscoveryResponse> {

        private final int number;
        private final Node node;
        private final StreamObserver<DeltaDiscoveryRequest> out;
        private final Map<ResourceType, List<String>> asked = new LinkedHashMap<>();
        private volatile boolean left;
        private Round seen;
        private int sets;

        Subscriber(int number, ManagedChannel channel) {
            this.number = number;
            node = Node.newBuilder().setId("web-" + number).setCluster("web").build();
            out = AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(this);
            send(request(ResourceType.CLUSTER));
            send(request(ResourceType.LISTENER));
        }

        /** The peer wants the node in every request. */
        private DeltaDiscoveryRequest.Builder request(ResourceType type) {
            return DeltaDiscoveryRequest.newBuilder().setNode(node).setTypeUrl(type.typeUrl());
        }

        /** The first responses come while the first requests are sent. */
        private synchronized void send(DeltaDiscoveryRequest.Builder request) {
            out.onNext(request.build());
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            ResourceType type = ResourceType.ofUrl(response.getTypeUrl()).orElseThrow();
            resources.addAndGet(response.getResourcesCount());
            if (number == 0) keep(type, response);
            send(request(type).setResponseNonce(response.getNonce()));
            List<String> names = response.getResourcesList().stream().map(Resource::getName).toList();
            if (type == ResourceType.CLUSTER) ask(ResourceType.ENDPOINTS, names);
            if (type == ResourceType.LISTENER && !names.isEmpty()) ask(ResourceType.ROUTES, List.of("outbound"));
            if (type == ResourceType.ENDPOINTS) count(response.getResourcesCount());
        }

        private void ask(ResourceType type, List<String> names) {
            List<String> known = asked.computeIfAbsent(type, each -> new ArrayList<>());
            List<String> added = new ArrayList<>(names);
            if (!known.isEmpty()) added.removeAll(known);
            if (added.isEmpty()) return;
            known.addAll(added);
            send(request(type).addAllResourceNamesSubscribe(added));
        }

        private void count(int more) {
            Round now = round;
            if (seen != now) {
                seen = now;
                sets = 0;
            }
            boolean missing = sets < now.sets;
            sets += more;
            if (missing && sets >= now.sets) now.missing.countDown();
        }

        private void keep(ResourceType type, DeltaDiscoveryResponse response) {
            synchronized (firsts) {
                Map<String, Resource> ofType = firsts.computeIfAbsent(type, each -> new LinkedHashMap<>());
                response.getResourcesList().forEach(each -> ofType.put(each.getName(), each));
            }
        }

        @Override
        public void onError(Throwable cause) {
            if (!left) System.err.println("subscriber " + number + ": " + cause);
        }

        @Override
        public void onCompleted() {}

        void leave() {
            left = true;
            out.onError(new IllegalStateException("leaves"));
        }
    }
}
