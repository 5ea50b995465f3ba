package mesh.control.ca;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.PemFiles;
import org.jboss.logging.Logger;

/**
 * Service-account tokens of Kubernetes, by its TokenReview API. {@code system:serviceaccount:shop:payments} is
 * {@code spiffe://<trust domain>/ns/shop/sa/payments}, as other meshes have it. A token must have been made for our audience: one that a
 * workload has for another service is nobody's proof here.
 */
public final class KubernetesTokens implements TokenReviewer {

    private static final Logger LOG = Logger.getLogger(KubernetesTokens.class);
    private static final Pattern SERVICE_ACCOUNT = Pattern.compile("system:serviceaccount:([a-z0-9.-]+):([a-z0-9.-]+)");
    /** Three parts of a JWT. What looks otherwise costs the API server nothing. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");
    private static final int LONGEST_TOKEN = 16 << 10;
    private static final int CREATED = 201;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /** Strangers may ask, and the API server has others to serve. */
    private static final int AT_ONCE = 16;

    /**
     * Where and how to ask.
     *
     * @param api       such as {@code https://kubernetes.default.svc}
     * @param ca        of the API server
     * @param ownToken  the control plane's own, which may make TokenReviews; read for each, because it is renewed
     * @param audience  that a workload's token must have been made for
     */
    public record Settings(URI api, Path ca, Path ownToken, String audience) {

        public Settings {
            if (!"https".equals(api.getScheme()) || api.getHost() == null) {
                throw new IllegalArgumentException("--kubernetes-api: \"" + api
                    + "\" (expected: an https URL such as https://kubernetes.default.svc)");
            }
        }
    }

    private final Settings settings;
    private final TrustDomain trustDomain;
    private final HttpClient client;
    private final Semaphore asking = new Semaphore(AT_ONCE);

    /** @throws IOException naming the CA's file and what is wrong with it */
    public KubernetesTokens(Settings settings, TrustDomain trustDomain) throws IOException {
        this.settings = settings;
        this.trustDomain = trustDomain;
        this.client = HttpClient.newBuilder().sslContext(trusting(settings.ca)).connectTimeout(PATIENCE).build();
    }

    private static SSLContext trusting(Path ca) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            int count = 0;
            for (X509Certificate each : PemFiles.certificates(ca)) {
                store.setCertificateEntry("ca" + count++, each);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(ca + ": no TLS with these certificates: " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<SpiffeId> review(String token) throws IOException {
        if (token.length() > LONGEST_TOKEN || !TOKEN.matcher(token).matches()) {
            return Optional.empty();
        }
        if (!asking.tryAcquire()) {
            throw new IOException("too many service-account tokens at once (expected: at most " + AT_ONCE + ")");
        }
        try {
            return identity(ask(token));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the API server was asked", e);
        } catch (DecodeException | ClassCastException e) {
            throw new IOException(settings.api + ": the answer to a TokenReview is not readable: " + e.getMessage(), e);
        } finally {
            asking.release();
        }
    }

    private JsonObject ask(String token) throws IOException, InterruptedException {
        JsonObject review = new JsonObject().put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenReview")
            .put("spec", new JsonObject().put("token", token).put("audiences", new JsonArray().add(settings.audience)));
        HttpRequest request = HttpRequest.newBuilder(settings.api.resolve("/apis/authentication.k8s.io/v1/tokenreviews"))
            .timeout(PATIENCE)
            .header("authorization", "Bearer " + Files.readString(settings.ownToken).strip())
            .header("content-type", "application/json").header("accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(review.encode())).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != CREATED) {
            throw new IOException(settings.api + ": a TokenReview was answered with " + response.statusCode()
                + " (expected: 201; the control plane's service account needs the role system:auth-delegator)");
        }
        return object(new JsonObject(response.body()), "status");
    }

    private Optional<SpiffeId> identity(JsonObject status) {
        String user = object(status, "user").getString("username", "");
        Matcher account = SERVICE_ACCOUNT.matcher(user);
        // An API server that knows no audiences would leave the list out, and the token could be one for anybody.
        if (!status.getBoolean("authenticated", false) || !audiences(status).contains(settings.audience) || !account.matches()) {
            LOG.warnf("service-account token refused: %s", user.isEmpty() ? status.getString("error", "not authenticated") : user);
            return Optional.empty();
        }
        return Optional.of(new SpiffeId(trustDomain, "/ns/" + account.group(1) + "/sa/" + account.group(2)));
    }

    /** Empty for null as well. */
    private static JsonObject object(JsonObject json, String name) {
        JsonObject value = json.getJsonObject(name);
        return value == null ? new JsonObject() : value;
    }

    private static JsonArray audiences(JsonObject status) {
        JsonArray audiences = status.getJsonArray("audiences");
        return audiences == null ? new JsonArray() : audiences;
    }
}
