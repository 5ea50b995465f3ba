package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.ListClustersRequest;

/**
 * {@code web} calls {@code payments} through two sidecars, over mTLS, as it does all the time; and whatever a policy is about can be made to
 * happen beside that. A configuration is pushed whole, by grpcurl, with a policy in one of its {@linkplain Place places} or with none.
 */
final class LiveMesh implements AutoCloseable {

    /** Where a policy may stand, and what stands there without one. */
    enum Place {
        /** The listener that the load comes by. */
        OUT(""),
        /** Another one of the same sidecar, for what would hurt the load. */
        SIDE(""),
        TABLE(""),
        HOST(""),
        /** A route to payments, beside the load's own. */
        ROUTE("\"cluster\": \"payments\", \"timeout\": \"0s\""),
        /** The cluster that the load goes to: two instances behind a sidecar. */
        PAYMENTS(""),
        /** The same instances without a sidecar, for what would hurt the load. */
        SPARE(""),
        /** A cluster that never ends a TLS handshake. */
        MUTE("\"connect_timeout\": \"60s\"");

        private final String otherwise;

        Place(String otherwise) {
            this.otherwise = otherwise;
        }
    }

    /** Stands at the end of what was {@linkplain #told} when the connection was closed. */
    static final String CLOSED = "<closed>";

    private static final Pattern VERSION = Pattern.compile("\"version\": \"(\\d+)\"");
    private static final Duration SOON = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Judge grpcurl = Judge.find("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4");
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final LiveInstances instances = new LiveInstances();
    private final HttpService one = instances.start("one"), two = instances.start("two"), shadow = instances.start("shadow");
    private final Sockets mute = new Sockets((socket, in, out) -> in.readAllBytes());
    private final Address out = Ports.free(), side = Ports.free(), inOne = Ports.free(), inTwo = Ports.free();
    private final ControlPlaneProcess controlPlane;
    private final SidecarProcess web;
    private final SidecarProcess payments;

    /** Requests that were sent without waiting for their answers. */
    private final List<CompletableFuture<HttpResponse<String>>> sent = new ArrayList<>();
    private final Set<String> ports = new HashSet<>();

    LiveMesh(Path dir) throws IOException {
        controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"));
        web = SidecarProcess.of(controlPlane, "web", "web-1", dir);
        payments = SidecarProcess.of(controlPlane, "payments", "payments-1", dir);
    }

    // The configuration.

    /** Pushes it with a policy, and waits until it is in force. @return its version */
    long push(Place place, String policy) {
        Judge.Verdict said = apply(config(place, policy, false));
        assertThat(said.exit()).as(said.text()).isZero();
        long version = version(said);
        controlPlane.awaitSync(version, "web-1", "payments-1");
        return version;
    }

    /** Pushes it without any, and not by grpcurl, which has less to prove there than it takes. @return its version */
    long pushPlain() throws IOException {
        ApplyConfigRequest.Builder request = ApplyConfigRequest.newBuilder();
        JsonFormat.parser().merge(config(Place.OUT, Place.OUT.otherwise, false), request);
        long version = controlPlane.apply(request.getConfig());
        controlPlane.awaitSync(version, "web-1", "payments-1");
        return version;
    }

    /** @return the version that it would have got */
    long dryRun(Place place, String policy) {
        Judge.Verdict said = apply(config(place, policy, true));
        assertThat(said.exit()).as(said.text()).isZero();
        return version(said);
    }

    /** @return why */
    String refused(Place place, String policy) {
        Judge.Verdict said = apply(config(place, policy, false));
        assertThat(said.exit()).as(said.text()).isNotZero();
        return said.text();
    }

    long version() {
        return controlPlane.admin().listClusters(ListClustersRequest.getDefaultInstance()).getVersion();
    }

    private static long version(Judge.Verdict said) {
        Matcher version = VERSION.matcher(said.text());
        assertThat(version.find()).as(said.text()).isTrue();
        return Long.parseLong(version.group(1));
    }

    private Judge.Verdict apply(String request) {
        return grpcurl.ask(request, "-plaintext", "-d", "@", controlPlane.plaintext().toString(), "mesh.v1.AdminService/ApplyConfig");
    }

    private String config(Place place, String policy, boolean dryRun) {
        String config = """
            {"dry_run": %s, "config": {
              "listeners": [
                {"name": "out", "listen": "%s", "scope": {"workload": "web"}, "route": "out" <OUT>},
                {"name": "side", "listen": "%s", "scope": {"workload": "web"}, "route": "out" <SIDE>},
                {"name": "in-one", "listen": "%s", "scope": {"workload": "payments"}, "service": "payments", "cluster": "app-one", "tls": {}},
                {"name": "in-two", "listen": "%s", "scope": {"workload": "payments"}, "service": "payments", "cluster": "app-two", "tls": {}}],
              "routes": [{"name": "out" <TABLE>, "virtual_hosts": [{"name": "all", "hosts": ["*"] <HOST>, "routes": [
                {"name": "steady", "path": "/steady", "cluster": "payments"},
                {"name": "policy", "prefix": "/policy" <ROUTE>},
                {"name": "retried", "prefix": "/retried", "cluster": "payments", "retry": {"attempts": 2, "retry_on": ["5xx"]}},
                {"name": "spare-retried", "prefix": "/spare-retried", "cluster": "spare", "retry": {"attempts": 2, "retry_on": ["5xx"]}},
                {"name": "spare", "prefix": "/spare", "cluster": "spare", "timeout": "0s"},
                {"name": "mute", "prefix": "/mute", "cluster": "mute", "timeout": "0s"},
                {"name": "all-ordered", "prefix": "/ordered", "reply": {"status": 200, "body": "the first"}},
                {"name": "one-ordered", "path": "/ordered/one", "reply": {"status": 200, "body": "the exact one"}}]}]}],
            """.formatted(dryRun, out, side, inOne, inTwo) + """
              "clusters": [
                {"name": "payments", "connect_timeout": "10s", "endpoints": [
                  {"address": "%s", "spiffe_id": "spiffe://mesh.local/payments"}, {"address": "%s", "spiffe_id": "spiffe://mesh.local/payments"}] <PAYMENTS>},
                {"name": "spare", "endpoints": [{"address": "%s"}, {"address": "%s"}] <SPARE>},
                {"name": "mute", "endpoints": [{"address": "%s", "spiffe_id": "spiffe://mesh.local/payments"}] <MUTE>},
                {"name": "shadow", "endpoints": [{"address": "%s"}]},
                {"name": "app-one", "endpoints": [{"address": "%s"}]},
                {"name": "app-two", "endpoints": [{"address": "%s"}]}]}}
            """.formatted(inOne, inTwo, one.address(), two.address(), mute.address(), shadow.address(), one.address(), two.address());
        for (Place each : Place.values()) {
            String fields = each == place ? policy : each.otherwise;
            config = config.replace(" <" + each + ">", fields.isEmpty() ? "" : ", " + fields);
        }
        return config;
    }

    // What can be made to happen.

    /** Lets every request be answered that waits, and forgets what has happened. */
    void letGo() {
        instances.letGo(() -> sent.forEach(LiveMesh::status));
        sent.clear();
        ports.clear();
    }

    Load load() {
        return Load.start(out, "/steady", 2, 2);
    }

    SidecarProcess web() {
        return web;
    }

    Address out() {
        return out;
    }

    Address side() {
        return side;
    }

    /** Where the load finds the second instance. */
    Address two() {
        return inTwo;
    }

    HttpResponse<String> get(String path, String... headers) throws Exception {
        return http.send(request(path, headers).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> options(String path, String... headers) throws Exception {
        return http.send(request(path, headers).method("OPTIONS", BodyPublishers.noBody()).build(), BodyHandlers.ofString());
    }

    int status(String path, String... headers) throws Exception {
        return get(path, headers).statusCode();
    }

    int postStatus(String path, int bytes) throws Exception {
        return http.send(request(path).POST(BodyPublishers.ofByteArray(new byte[bytes])).build(), BodyHandlers.ofString()).statusCode();
    }

    /** Of the last of so many requests by the other listener. */
    int statusBySide(int requests, String path) throws Exception {
        int status = 0;
        for (int i = 0; i < requests; i++) {
            status = http.send(HttpRequest.newBuilder(URI.create("http://" + side + path)).build(), BodyHandlers.ofString()).statusCode();
        }
        return status;
    }

    /** 0 when there is no answer yet after a second. */
    int statusSoon(String path) throws Exception {
        try {
            return http.send(request(path).timeout(SOON).build(), BodyHandlers.ofString()).statusCode();
        } catch (HttpTimeoutException e) {
            return 0;
        }
    }

    private HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://" + out + path));
        return headers.length == 0 ? request : request.headers(headers);
    }

    /** Sends so many requests at once. @return whether one of them is answered with 503 soon; the others stay on their way */
    boolean oneIsRefused(int requests, String path) throws Exception {
        List<CompletableFuture<HttpResponse<String>>> now = new ArrayList<>();
        for (int i = 0; i < requests; i++) now.add(http.sendAsync(request(path).build(), BodyHandlers.ofString()));
        sent.addAll(now);
        for (long end = System.nanoTime() + SOON.toNanos(); System.nanoTime() < end; TimeUnit.MILLISECONDS.sleep(10)) {
            if (now.stream().anyMatch(each -> each.isDone() && status(each) == 503)) return true;
            if (now.stream().allMatch(CompletableFuture::isDone)) return false;
        }
        return false;
    }

    private static int status(CompletableFuture<HttpResponse<String>> answer) {
        try {
            return answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join().statusCode();
        } catch (CompletionException e) {
            return 0;
        }
    }

    /** Whether the load leaves the second instance alone while that has so many requests that it does not answer. */
    boolean loadLeavesBusyTwoAlone(Load load, int requests) throws Exception {
        while (instances.waiting() < requests) {
            int before = instances.waiting();
            sent.add(http.sendAsync(request("/policy/two-waits").build(), BodyHandlers.ofString()));
            for (int i = 0; i < 20 && instances.waiting() == before; i++) TimeUnit.MILLISECONDS.sleep(5);
        }
        Map<String, Integer> before = load.counts();
        load.awaitMore(40);
        int toTwo = load.counts().getOrDefault("two", 0) - before.getOrDefault("two", 0);
        return toTwo <= 3;
    }

    /** Whether an instance is asked twice in a row by one client, as it never is in turn. */
    boolean spareIsAskedOutOfTurn() throws Exception {
        String last = "";
        for (int i = 0; i < 20; i++) {
            String name = get("/spare/").body();
            if (name.equals(last)) return true;
            last = name;
        }
        return false;
    }

    /** Whether more connections have been made to the instances than two event loops need. */
    boolean spareGetsNewConnections() throws Exception {
        for (int i = 0; i < 2; i++) ports.add(get("/spare/").headers().firstValue("x-port").orElseThrow());
        return ports.size() > 4;
    }

    boolean isMirrored(String path) {
        return instances.isMirrored(path);
    }

    /** Whether a series grows while something happens. */
    boolean grows(String series, Callable<?> happens) throws Exception {
        double before = Math.max(0, web.metric(series));
        happens.call();
        return web.metric(series) > before;
    }

    /** Whether the other listener takes a connection and no second one. */
    boolean secondConnectionIsClosed() throws IOException {
        try (Socket first = Sockets.connect(side)) {
            return told(side, "").equals(CLOSED) && first.isConnected();
        }
    }

    /** What a listener answers to bytes, up to its end, which is told too, or until it is silent for a second. */
    static String told(Address listener, String bytes) throws IOException {
        try (Socket socket = Sockets.connect(listener)) {
            socket.setSoTimeout((int) SOON.toMillis());
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            StringBuilder told = new StringBuilder();
            try {
                for (int b; (b = socket.getInputStream().read()) >= 0; ) told.append((char) b);
                return told.append(CLOSED).toString();
            } catch (SocketTimeoutException e) {
                return told.toString();
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (AutoCloseable each : new AutoCloseable[] {web, payments, controlPlane, one, two, shadow, mute}) {
            try {
                each.close();
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }
}
