package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two pods as the injector makes them, each in a network of its own, and a service: nobody pushes anything, and they talk by mTLS. */
class KubernetesPodsIT {

    private static final String SERVICE = "10.96.0.10";
    private static final List<AutoCloseable> CLOSING = new ArrayList<>();

    @TempDir
    private static Path dir;
    private static MeshedPod web;
    private static MeshedPod payments;
    private static MeshProcess wire;

    @BeforeAll
    static void start() throws Exception {
        Path tcpdump = Judge.find("tcpdump", "the package tcpdump").program();
        for (String each : List.of("iptables", "setpriv", "curl")) Judge.find(each, "the package of that name");
        web = closing(new MeshedPod("web", "10.78.0.1/24"));
        payments = closing(new MeshedPod("payments", "10.78.0.2/24"));
        web.network().run("ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", Long.toString(payments.network().pid()));
        for (MeshedPod pod : List.of(web, payments)) {
            pod.network().run("ip", "addr", "add", pod.address() + "/24", "dev", "wire");
            pod.network().run("ip", "link", "set", "wire", "up");
            pod.network().run("ip", "route", "add", "10.96.0.0/16", "dev", "wire");
        }
        wire = closing(MeshProcess.start("tcpdump", payments.network().inside(List.of(tcpdump.toString(), "-l", "-n", "-A", "-Z", "root", "-i", "wire", "tcp"))));
        wire.awaitLine(Pattern.compile("listening on wire"));

        KubernetesApi api = closing(new KubernetesApi(dir.resolve("kubernetes")));
        for (Pod each : List.of(web.object(), payments.object())) api.client().resource(each).create();
        service(api);
        String[] options = Stream.concat(Stream.of(api.options()), Stream.of("--kubernetes", "--listen", "0.0.0.0:0")).toArray(String[]::new);
        ControlPlaneProcess controlPlane = closing(new ControlPlaneProcess(dir.resolve("control-plane"), options));
        web.start(controlPlane, dir, 1);
        payments.start(controlPlane, dir, 2);
    }

    private static void service(KubernetesApi api) {
        api.client().resource(new ServiceBuilder().withNewMetadata().withNamespace("shop").withName("payments").endMetadata().withNewSpec()
            .withClusterIP(SERVICE).withClusterIPs(SERVICE).addNewPort().withName("http").withPort(80).endPort()
            .addNewPort().withName("mysql").withPort(3306).endPort().endSpec().build()).create();
        api.client().resource(new EndpointSliceBuilder().withNewMetadata().withNamespace("shop").withName("payments-a")
            .addToLabels("kubernetes.io/service-name", "payments").endMetadata().withAddressType("IPv4")
            .addNewPort().withName("http").withPort(8080).endPort().addNewPort().withName("mysql").withPort(3306).endPort()
            .addNewEndpoint().withAddresses(payments.address()).withNewConditions(true, true, false).withNewTargetRef().withKind("Pod")
            .withNamespace("shop").withName("payments").endTargetRef().endEndpoint().build()).create();
    }

    private static <T extends AutoCloseable> T closing(T it) {
        CLOSING.add(it);
        return it;
    }

    @AfterAll
    static void stop() throws Exception {
        for (int i = CLOSING.size() - 1; i >= 0; i--) CLOSING.get(i).close();
    }

    @Test
    void aServiceAnswersByItsClusterAddressAndTheWireHasNoPlainWord() {
        assertThat(web.get(SERVICE)).isEqualTo("payments tells nobody but you, on 8080\n");
        assertThat(web.network().run("bash", "-c", "exec 3<>/dev/tcp/" + SERVICE + "/3306 && read -r -t 5 first <&3 && echo \"$first\""))
            .isEqualTo("payments greets first\n");
        seen("10.78.0.2.8080", "10.78.0.2.3306");
        assertThat(wire.log()).doesNotContain("nobody but you, on 8080", "greets first", SERVICE + ".80");
    }

    @Test
    void aPodThatCallsItsOwnServiceIsAnswered() {
        assertThat(payments.get(SERVICE)).isEqualTo("payments tells nobody but you, on 8080\n");
    }

    @Test
    void whatNoServiceIsForGoesWhereItWasOpenedToAndIsLetIn() {
        assertThat(web.get(payments.address() + ":8082")).isEqualTo("payments tells nobody but you, on 8082\n");
        assertThat(payments.get(web.address() + ":8080")).isEqualTo("web tells nobody but you, on 8080\n");
    }

    private static void seen(String... addresses) {
        for (String each : addresses) wire.awaitLine(Pattern.compile(Pattern.quote(each)));
    }
}
