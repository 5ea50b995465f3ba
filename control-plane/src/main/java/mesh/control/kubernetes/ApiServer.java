package mesh.control.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import mesh.control.ca.KubernetesTokens;

/** The cluster's API server, asked as the control plane's own account. */
public final class ApiServer {

    private static final int PATIENCE_MILLIS = 10_000;

    private ApiServer() {}

    /** Nothing is taken from the environment or a kubeconfig; the token is read for each request, because the kubelet renews it. */
    public static KubernetesClient client(KubernetesTokens.Settings settings, Vertx vertx) {
        Config config = new ConfigBuilder(Config.empty()).withMasterUrl(settings.api().toString()).withCaCertFile(settings.ca().toString())
            .withOauthTokenProvider(() -> token(settings)).withConnectionTimeout(PATIENCE_MILLIS).withRequestTimeout(PATIENCE_MILLIS)
            .withUserAgent("mesh-control-plane").build();
        return new KubernetesClientBuilder().withConfig(config).withHttpClientFactory(new VertxHttpClientFactory(vertx)).build();
    }

    private static String token(KubernetesTokens.Settings settings) {
        try {
            return Files.readString(settings.ownToken()).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(settings.ownToken() + ": the control plane's own token cannot be read", e);
        }
    }
}
