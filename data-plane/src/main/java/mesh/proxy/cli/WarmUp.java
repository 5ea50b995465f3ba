package mesh.proxy.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.SpiffeId;
import mesh.model.Timeouts;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.proxy.Sidecar;
import mesh.time.Env;
import org.jboss.logging.Logger;

/**
 * Runs what a request runs, before the first one comes, so that the JVM has compiled it: requests through a sidecar of its own on loopback, whose listener
 * sends them by mTLS to another one, which answers. Nothing of it is the real one's: no metric, log, configuration or identity.
 */
final class WarmUp implements BooleanSupplier {

    private static final Logger LOG = Logger.getLogger(WarmUp.class);
    private static final TrustDomain DOMAIN = new TrustDomain("warm-up.invalid");
    private static final SpiffeId SELF = new SpiffeId(DOMAIN, "/self");
    private static final Address ANY = new Address("127.0.0.1", 0);
    private static final byte[] REQUEST = ("GET /warm/up?a=b HTTP/1.1\r\nhost: warm-up\r\nuser-agent: mesh\r\naccept: */*\r\nx-request-id: 1\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
    private static final int PATIENCE_MILLIS = 1000;

    private volatile boolean done;

    private WarmUp() {}

    /** Begins on a thread of its own. @param limit zero for none at all */
    static WarmUp begin(Env env, Duration limit) {
        WarmUp warmUp = new WarmUp();
        if (limit.isZero()) {
            warmUp.done = true;
            return warmUp;
        }
        Thread thread = new Thread(() -> warmUp.run(env, limit), "mesh-warm-up");
        thread.setDaemon(true);
        thread.start();
        return warmUp;
    }

    /** Whether it is over, well or not. */
    @Override
    public boolean getAsBoolean() {
        return done;
    }

    private void run(Env env, Duration limit) {
        long begin = System.nanoTime();
        try (Sidecar sidecar = new Sidecar(env, 1)) {
            CertificateAuthority authority = CertificateAuthority.create(DOMAIN, env.clock());
            sidecar.rotate(authority.issue(SELF, Duration.ofHours(1)), authority.bundle());
            apply(sidecar, snapshot(1, Optional.empty()));
            apply(sidecar, snapshot(2, Optional.of(sidecar.bound().get("in"))));
            int requests = ask(sidecar.bound().get("out"), begin + limit.toNanos());
            LOG.infof("warmed up: %d requests of its own in %d ms", requests, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        } catch (IOException | RuntimeException e) {
            LOG.warnf("not warmed up, the first requests take longer: %s", e.getMessage());
        } finally {
            done = true;
        }
    }

    private static void apply(Sidecar sidecar, MeshSnapshot snapshot) {
        if (sidecar.apply(snapshot) instanceof ApplyResult.Rejected rejected) throw new IllegalStateException(rejected.problems().toString());
    }

    /** @param inbound where the second listener is, once it is known */
    private static MeshSnapshot snapshot(long version, Optional<Address> inbound) {
        Map<String, Listener> listeners = new LinkedHashMap<>();
        listeners.put("in", new Listener("in", ANY, Scope.ALL, new Listener.HttpTraffic("answer", ""), Optional.of(new DownstreamTls(Set.of(SELF)))));
        Map<String, RouteTable> tables = new LinkedHashMap<>();
        tables.put("answer", table("answer", new Route.DirectReply(200, "warm")));
        if (inbound.isEmpty()) return new MeshSnapshot(version, listeners, tables, Map.of(), Map.of(), Optional.empty());
        listeners.put("out", new Listener("out", ANY, Scope.ALL, new Listener.HttpTraffic("onward", ""), Optional.empty()));
        tables.put("onward", table("onward", new Route.ToCluster("in")));
        Cluster cluster = new Cluster("in", BalancerKind.LEAST_CONN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT);
        return new MeshSnapshot(version, listeners, tables, Map.of("in", cluster),
            Map.of("in", new EndpointSet("in", List.of(new Endpoint(inbound.get(), 1, Optional.of(SELF))))), Optional.empty());
    }

    private static RouteTable table(String name, Route.Action action) {
        return RouteTable.toCluster(name,
            new Route("all", new Route.Prefix("/"), action, Optional.empty(), Timeouts.DEFAULT, RetryPolicy.of(2, Duration.ZERO)));
    }

    /** @return how many were answered until then */
    private static int ask(Address target, long untilNanos) throws IOException {
        int answered = 0;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), target.port())) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            byte[] answer = new byte[4096];
            for (; System.nanoTime() - untilNanos < 0; answered++) {
                out.write(REQUEST);
                int read = 0;
                while (read < 4 || !new String(answer, read - 4, 4, StandardCharsets.US_ASCII).equals("warm")) {
                    int more = in.read(answer, read, answer.length - read);
                    if (more <= 0) throw new IOException("its own request was answered with \"" + new String(answer, 0, read, StandardCharsets.US_ASCII) + "\"");
                    read += more;
                }
            }
        }
        return answered;
    }
}
