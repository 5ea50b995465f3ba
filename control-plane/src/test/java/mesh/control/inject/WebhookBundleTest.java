package mesh.control.inject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.pki.PemFiles;
import mesh.pki.TestPki;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

/** Against fabric8's own server, which keeps what it is told as the API server does. */
@EnableKubernetesMockClient(crud = true)
class WebhookBundleTest {

    private static final String NAME = "mesh-injector";

    private final FakeClock clock = new FakeClock();
    private final X509Certificate oldRoot = TestPki.create(clock).bundle().authorities().get(0);
    private final X509Certificate newRoot = TestPki.create(clock).bundle().authorities().get(0);
    private List<X509Certificate> roots = List.of(oldRoot);

    /** Set by the extension. */
    private KubernetesClient client;

    @Test
    void isThereForEachWebhookAndFollowsARotation() {
        create();
        WebhookBundle bundle = new WebhookBundle(client, NAME, () -> roots);
        assertThat(bundle.put()).isTrue();
        assertThat(bundles()).containsExactly(pem(oldRoot));
        assertThat(bundle.put()).as("nothing to do").isFalse();

        roots = List.of(oldRoot, newRoot);
        assertThat(bundle.put()).isTrue();
        assertThat(bundles()).containsExactly(pem(oldRoot, newRoot));
        roots = List.of(newRoot);
        assertThat(bundle.put()).isTrue();
        assertThat(bundles()).containsExactly(pem(newRoot));
        assertThat(there().getWebhooks()).extracting(MutatingWebhook::getFailurePolicy).as("all else is left").containsExactly("Ignore", "Fail");
    }

    @Test
    void comesBackAfterTheManifestWasAppliedOnceMore() {
        create();
        new WebhookBundle(client, NAME, () -> roots).keep(clock.scheduler());
        clock.advance(Duration.ZERO);
        assertThat(bundles()).containsExactly(pem(oldRoot));
        client.resource(there()).edit(current -> {
            current.getWebhooks().forEach(each -> each.getClientConfig().setCaBundle(null));
            return current;
        });
        clock.advance(Duration.ofSeconds(20));
        assertThat(bundles()).containsExactly(pem(oldRoot));
    }

    @Test
    void waitsForAConfigurationThatIsNotThereYet() {
        WebhookBundle bundle = new WebhookBundle(client, NAME, () -> roots);
        assertThatThrownBy(bundle::put).hasMessageContaining("there is none of that name (expected: one, from the manifests)");
        bundle.keep(clock.scheduler());
        clock.advance(Duration.ofSeconds(20));
        create();
        clock.advance(Duration.ofSeconds(20));
        assertThat(bundles()).containsExactly(pem(oldRoot));
    }

    private void create() {
        client.resource(new MutatingWebhookConfigurationBuilder().withNewMetadata().withName(NAME).endMetadata()
            .addNewWebhook().withName("namespace.inject.mesh").withFailurePolicy("Ignore").withNewClientConfig().withNewService()
            .withName("mesh-control-plane").withNamespace("mesh-system").endService().endClientConfig().endWebhook()
            .addNewWebhook().withName("pod.inject.mesh").withFailurePolicy("Fail").withNewClientConfig().withUrl("https://127.0.0.1:1/inject")
            .endClientConfig().endWebhook().build()).create();
    }

    private MutatingWebhookConfiguration there() {
        return client.admissionRegistration().v1().mutatingWebhookConfigurations().withName(NAME).get();
    }

    /** Different ones. */
    private Set<String> bundles() {
        return there().getWebhooks().stream().map(each -> each.getClientConfig().getCaBundle())
            .map(each -> each == null ? "none" : new String(Base64.getDecoder().decode(each), StandardCharsets.US_ASCII)).collect(Collectors.toSet());
    }

    private static String pem(X509Certificate... roots) {
        return PemFiles.encode(List.of(roots));
    }
}
