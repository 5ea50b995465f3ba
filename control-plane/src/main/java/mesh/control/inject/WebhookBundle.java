package mesh.control.inject;

import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.pki.PemFiles;
import org.jboss.logging.Logger;

/**
 * Tells the API server whom to believe on the webhook's port: the mesh's roots, in each {@code clientConfig.caBundle} of one
 * {@code MutatingWebhookConfiguration}. While a root is rotated both are there before the new one serves. Looked at again and again, because a
 * manifest that is applied once more takes it out; replicas write the same.
 */
public final class WebhookBundle {

    private static final Logger LOG = Logger.getLogger(WebhookBundle.class);
    private static final long PERIOD_SECONDS = 20;

    private final KubernetesClient kubernetes;
    private final String name;
    private final Supplier<List<X509Certificate>> roots;
    /** So that what goes on failing is told once. Only the timer's thread looks. */
    private String lastFailure = "";

    public WebhookBundle(KubernetesClient kubernetes, String name, Supplier<List<X509Certificate>> roots) {
        this.kubernetes = kubernetes;
        this.name = name;
        this.roots = roots;
    }

    /** At once, and from then on. A failure is tried again with the next look. */
    public void keep(ScheduledExecutorService timer) {
        timer.scheduleWithFixedDelay(this::look, 0, PERIOD_SECONDS, TimeUnit.SECONDS);
    }

    private void look() {
        try {
            if (put()) LOG.infof("webhook configuration %s: the mesh's roots are in its caBundle", name);
            lastFailure = "";
        } catch (RuntimeException e) {
            String failure = e.getMessage();
            if (!lastFailure.equals(failure)) {
                LOG.errorf("webhook configuration %s: its caBundle could not be looked after, tried again every %d s: %s", name, PERIOD_SECONDS,
                    failure);
            }
            lastFailure = String.valueOf(failure);
        }
    }

    /**
     * @return whether anything was to be changed
     * @throws KubernetesClientException when the API server refuses or there is no such configuration
     */
    boolean put() {
        var resource = kubernetes.admissionRegistration().v1().mutatingWebhookConfigurations().withName(name);
        MutatingWebhookConfiguration there = resource.get();
        if (there == null) {
            throw new KubernetesClientException("there is none of that name (expected: one, from the manifests)");
        }
        String bundle = Base64.getEncoder().encodeToString(PemFiles.encode(roots.get()).getBytes(StandardCharsets.US_ASCII));
        if (there.getWebhooks().stream().allMatch(each -> bundle.equals(each.getClientConfig().getCaBundle()))) {
            return false;
        }
        // A patch of what differs, on the version that was read: whoever else has changed it meanwhile is not undone.
        resource.edit(current -> {
            current.getWebhooks().forEach(each -> {
                WebhookClientConfig client = each.getClientConfig();
                client.setCaBundle(bundle);
            });
            return current;
        });
        return true;
    }
}
