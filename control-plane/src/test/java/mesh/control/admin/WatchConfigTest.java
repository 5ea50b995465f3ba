package mesh.control.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.Change;
import mesh.v1.Cluster;
import mesh.v1.Endpoint;
import mesh.v1.PutClusterRequest;
import mesh.v1.WatchConfigRequest;
import mesh.v1.WatchConfigResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WatchConfigTest {

    private AdminServer server;

    @BeforeEach
    void start() throws Exception {
        server = new AdminServer();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void sendsWhatIsCurrentAndThenEveryChange() throws Exception {
        put("payments", 1);
        Watcher watcher = new Watcher(0, 10);
        WatchConfigResponse first = watcher.next();
        assertThat(first.getVersion()).isEqualTo(1);
        assertThat(first.getConfig().getClusters(0).getName()).isEqualTo("payments");
        assertThat(first.getChangesList()).isEmpty();

        put("cart", 1);
        WatchConfigResponse second = watcher.next();
        assertThat(second.getVersion()).isEqualTo(2);
        assertThat(second.getConfig().getClustersCount()).isEqualTo(2);
        assertThat(second.getChangesList()).containsExactly(Change.newBuilder().setAction("added").setKind("cluster").setName("cart").build());
    }

    @Test
    void aVersionThatTheWatcherHasIsNotSentAgain() throws Exception {
        put("payments", 1);
        Watcher watcher = new Watcher(1, 10);
        put("payments", 2);
        assertThat(watcher.next().getVersion()).isEqualTo(2);
        assertThat(new Watcher(1, 10).next().getVersion()).as("of an older one it is told at once").isEqualTo(2);
    }

    @Test
    void whoDoesNotReadMissesVersionsButNotTheLast() throws Exception {
        put("payments", 2000);
        Watcher slow = new Watcher(0, 1);
        assertThat(slow.next().getVersion()).isEqualTo(1);
        Watcher quick = new Watcher(0, 1000);
        quick.next();
        for (int version = 2; version <= 60; version++) {
            put("payments", 2000 + version);
            WatchConfigResponse seen;
            do {
                seen = quick.next();
            } while (seen.getVersion() < version);
        }
        slow.requests.request(1000);
        List<Long> versions = new ArrayList<>();
        do {
            versions.add(slow.next().getVersion());
        } while (versions.get(versions.size() - 1) < 60);
        assertThat(versions).as("what lay in buffers, and then the last").isSorted().hasSizeLessThan(40).endsWith(60L);
    }

    @Test
    void watchesAreBoundedAndOnesThatEndMakeRoom() throws Exception {
        List<Watcher> watchers = new ArrayList<>();
        put("payments", 1);
        for (int i = 0; i < 100; i++) {
            watchers.add(new Watcher(0, 10));
        }
        for (Watcher watcher : watchers) {
            watcher.next();
        }
        assertThat(new Watcher(0, 10).end.get(20, TimeUnit.SECONDS)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);

        watchers.get(0).requests.cancel("enough", null);
        await().untilAsserted(() -> assertThat(new Watcher(0, 10).responses.poll(1, TimeUnit.SECONDS)).isNotNull());
    }

    @Test
    void whenTheControlPlaneStopsWatchersAreToldToComeBack() throws Exception {
        Watcher watcher = new Watcher(7, 10);
        put("payments", 1);
        watcher.next();
        server.closeAdmin();
        assertThat(watcher.end.get(20, TimeUnit.SECONDS)).isEqualTo(Status.Code.UNAVAILABLE);
    }

    private void put(String name, int endpoints) {
        Cluster.Builder cluster = Cluster.newBuilder().setName(name);
        for (int i = 0; i < endpoints; i++) {
            cluster.addEndpoints(Endpoint.newBuilder().setAddress("10.0." + i / 250 + "." + i % 250 + ":80"));
        }
        server.admin().putCluster(PutClusterRequest.newBuilder().setCluster(cluster).build());
    }

    /** Reads as many responses as it was told, and more when asked. */
    private final class Watcher implements ClientResponseObserver<WatchConfigRequest, WatchConfigResponse> {

        private final BlockingQueue<WatchConfigResponse> responses = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status.Code> end = new CompletableFuture<>();
        private final int reads;
        private ClientCallStreamObserver<WatchConfigRequest> requests;

        Watcher(long afterVersion, int reads) {
            this.reads = reads;
            AdminServiceGrpc.newStub(server.channel()).watchConfig(WatchConfigRequest.newBuilder().setAfterVersion(afterVersion).build(), this);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchConfigRequest> call) {
            requests = call;
            call.disableAutoRequestWithInitial(reads);
        }

        WatchConfigResponse next() throws InterruptedException {
            WatchConfigResponse response = responses.poll(20, TimeUnit.SECONDS);
            assertThat(response).as("a response; the call ended with %s", end).isNotNull();
            return response;
        }

        @Override
        public void onNext(WatchConfigResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable cause) {
            end.complete(Status.fromThrowable(cause).getCode());
        }

        @Override
        public void onCompleted() {
            end.complete(Status.Code.OK);
        }
    }
}
