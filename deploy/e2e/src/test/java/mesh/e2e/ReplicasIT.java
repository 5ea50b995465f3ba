package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.v1.Endpoint;
import mesh.v1.ListEndpointsRequest;
import mesh.v1.PutClusterRequest;
import mesh.v1.PutEndpointRequest;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three control planes on three etcd servers. Any one of either dies under load and under writes; nothing is lost and nothing stops. */
class ReplicasIT {

    @TempDir
    private Path dir;

    @Test
    void anyControlPlaneAndAnyEtcdMayDie() throws Exception {
        try (ThreeControlPlanes planes = new ThreeControlPlanes(dir, "--max-stream-age", "2s"); HttpService one = new HttpService("one")) {
            List<ControlPlaneProcess> replicas = planes.all();
            String others = replicas.get(1).tls() + "," + replicas.get(2).tls();
            // A token that one replica made is good at each, and a certificate that one signed.
            try (TestMesh mesh = new TestMesh(dir, replicas.get(0), "--control-plane", others)) {
                mesh.web().payments("payments-1", one.address());
                replicas.get(0).apply(mesh.config(Map.of("payments-1", 1)));
                await().atMost(Duration.ofSeconds(60)).until(() -> answers(mesh.outbound()));
                try (Writer writer = new Writer(replicas); Load load = Load.start(mesh.outbound(), "/", 2, 2)) {
                    load.awaitMore(50);
                    for (int i = 0; i < ThreeControlPlanes.SIZE; i++) {
                        writer.leave(i);
                        replicas.get(i).kill();
                        planes.etcd().kill(i);
                        load.awaitMore(100);
                        writer.awaitMore(5);
                        planes.etcd().restart(i);
                        replicas.get(i).start();
                    }
                    writer.close();
                    load.awaitMore(50);
                    load.stop();
                    assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                    for (ControlPlaneProcess replica : replicas) {
                        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(written(replica)).containsAll(writer.acknowledged()));
                    }
                }
                Set<String> been = new HashSet<>();
                await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                    replicas.get(0).sidecars().stream().filter(each -> each.getNode().equals("web-1")).map(SidecarStatus::getReplica).forEach(been::add);
                    assertThat(been).as("replicas that web-1 has been at").hasSizeGreaterThan(1);
                });
            }
        }
    }

    private static boolean answers(Address listener) {
        try {
            return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create("http://" + listener + "/")).build(), BodyHandlers.ofString())
                .statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private static List<String> written(ControlPlaneProcess replica) {
        return replica.admin().listEndpoints(ListEndpointsRequest.newBuilder().setCluster("written").build()).getEndpointsList().stream()
            .map(Endpoint::getAddress).toList();
    }

    /** Writes by every replica in turn that is there, and remembers what was acknowledged. */
    private static final class Writer implements AutoCloseable {

        private final List<ControlPlaneProcess> replicas;
        private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
        private final Thread thread = new Thread(this::run, "writer");
        private volatile int left = -1;
        private volatile boolean stopped;

        Writer(List<ControlPlaneProcess> replicas) {
            this.replicas = replicas;
            replicas.get(0).admin().putCluster(PutClusterRequest.newBuilder().setCluster(mesh.v1.Cluster.newBuilder().setName("written")).build());
            thread.start();
        }

        private void run() {
            for (int i = 0; !stopped; i++) {
                int to = i % replicas.size();
                if (to == left) continue;
                String address = "10.9." + i / 250 + "." + i % 250 + ":80";
                try {
                    replicas.get(to).admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("written")
                        .setEndpoint(Endpoint.newBuilder().setAddress(address)).build());
                    acknowledged.add(address);
                    TimeUnit.MILLISECONDS.sleep(50);
                } catch (StatusRuntimeException e) {
                    // Not acknowledged; it may be there all the same.
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        /** Writes by the others only. */
        void leave(int replica) {
            left = replica;
        }

        Collection<String> acknowledged() {
            return acknowledged;
        }

        void awaitMore(int writes) {
            int goal = acknowledged.size() + writes;
            await().atMost(Duration.ofSeconds(30)).until(() -> acknowledged.size() >= goal);
        }

        @Override
        public void close() throws InterruptedException {
            stopped = true;
            thread.join();
        }
    }
}
