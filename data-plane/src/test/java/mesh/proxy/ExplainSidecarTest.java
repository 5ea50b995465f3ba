package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import mesh.config.RoutePlaces;
import mesh.model.AccessLogPolicy;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.CorsPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.FaultPolicy;
import mesh.model.HeaderChanges;
import mesh.model.Listener;
import mesh.model.ListenerLimits;
import mesh.model.MeshSnapshot;
import mesh.model.PathRewrite;
import mesh.model.Percent;
import mesh.model.PlainRequest;
import mesh.model.RandomRoutes;
import mesh.model.Route;
import mesh.model.Route.WeightedCluster;
import mesh.model.RouteFilters;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.UpstreamProtocol;
import mesh.model.VirtualHost;
import mesh.proxy.explain.Explainer;
import mesh.proxy.explain.Explanation;
import mesh.proxy.explain.Explanation.EndpointView;
import mesh.proxy.explain.Explanation.Kind;
import mesh.proxy.explain.Explanation.Setting;
import mesh.proxy.explain.ExplanationText;
import mesh.proxy.explain.Question;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of requests, beside what becomes of them: both of one sidecar, under route tables by chance, by its socket and its access log. */
class ExplainSidecarTest {

    private static final int TABLES = 100, REQUESTS = 100;
    private static final String[] HOSTS = {"a", "b.c", "*.c", "*.b.c", "*", "a:80", "a.*"};
    private static final String[] AUTHORITIES = {"a", "a:80", "b.c", "x.b.c", "x.c:1", "d", "a.d"};

    @TempDir
    private Path directory;
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final EchoServer one = new EchoServer();
    private final EchoServer two = new EchoServer();

    /** What was told of a request, and what its client was answered. */
    private record Asked(String when, Explanation told, Map<String, String> answer) {

        String setting(String name, String otherwise) {
            return told.route().orElseThrow().settings().stream().filter(each -> each.name().equals(name)).findFirst().map(Setting::value)
                .map(value -> value.replace("goes upstream as ", "")).orElse(otherwise);
        }
    }

    @AfterEach
    void close() throws IOException {
        sidecar.close();
        one.close();
        two.close();
    }

    @Test
    void whatIsToldIsWhatIsDoneForTenThousandRequests() throws Exception {
        List<Asked> asked = new ArrayList<>();
        for (int seed = 0; seed < TABLES; seed++) {
            Random random = new Random(seed);
            RandomRoutes chance = new RandomRoutes(random);
            assertThat(sidecar.apply(snapshot(seed + 1, table(random, chance)))).as("seed %d", seed).isInstanceOf(ApplyResult.Applied.class);
            Explainer explainer = new Explainer(sidecar.tables(), sidecar.bound(), RoutePlaces.NONE, Optional.empty());
            try (Client client = new Client(sidecar.bound().get("web"))) {
                for (int i = 0; i < REQUESTS; i++) {
                    PlainRequest request = request(random, chance);
                    Explanation told = explainer.explain(
                        new Question(Optional.empty(), request.method(), request.host(), request.target(), request.headers()));
                    asked.add(new Asked("seed " + seed + ", request " + i, told, client.answer(request)));
                }
            }
        }
        sidecar.accessLogs().close();
        List<String> done = Files.readAllLines(directory.resolve("access.log"));
        assertThat(done).hasSameSizeAs(asked).hasSize(TABLES * REQUESTS);
        Map<Kind, Integer> kinds = new EnumMap<>(Kind.class);
        Set<String> flags = new TreeSet<>();
        for (int i = 0; i < asked.size(); i++) {
            compare(asked.get(i), new JsonObject(done.get(i)));
            kinds.merge(asked.get(i).told().outcome().kind(), 1, Integer::sum);
            asked.get(i).told().outcome().flag().ifPresent(flags::add);
        }
        // What never happened was not compared.
        assertThat(kinds).hasSameSizeAs(Kind.values()).allSatisfy((kind, times) -> assertThat(times).as("%s", kind).isGreaterThan(kind == Kind.PREFLIGHT ? 10 : 500));
        assertThat(flags).containsExactly("DPE", "FI", "NR", "UH");
    }

    private static void compare(Asked asked, JsonObject done) {
        Explanation told = asked.told();
        String as = asked.when() + "\n" + ExplanationText.of(told) + "but was " + done.encode() + "\n" + asked.answer();
        assertThat(done.getString("route")).as(as).isEqualTo(told.route().map(Explanation.RouteView::name).orElse(null));
        assertThat(done.getString("flags")).as(as).isEqualTo(told.outcome().flag().orElse("-"));
        assertThat(done.getInteger("status")).as(as).isEqualTo(told.outcome().status().orElse(200));
        assertThat(Optional.ofNullable(asked.answer().get("location"))).as(as).isEqualTo(told.outcome().location());
        if (told.outcome().kind() != Kind.CLUSTER) {
            assertThat(done.getString("endpoint")).as(as).isNull();
            return;
        }
        Explanation.ClusterView cluster = told.clusters().stream().filter(each -> each.name().equals(done.getString("cluster"))).findFirst().orElseThrow();
        assertThat(cluster.share()).as(as).isNotEqualTo(Optional.of("0 %"));
        assertThat(done.getString("endpoint")).as(as).isIn(cluster.endpoints().stream().filter(EndpointView::usable).map(EndpointView::address).toList());
        assertThat(asked.answer().get("x-target")).as(as).isEqualTo(asked.setting("path", done.getString("path")));
        assertThat(asked.answer().get("x-host")).as(as).isEqualTo(asked.setting("host", done.getString("authority")));
    }

    /** One connection, one request after the other. */
    private static final class Client implements AutoCloseable {

        private final Socket socket;
        private final InputStream in;

        Client(Address address) throws IOException {
            socket = new Socket(address.host(), address.port());
            socket.setSoTimeout(30_000);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
        }

        /** The fields of the answer. */
        Map<String, String> answer(PlainRequest request) throws IOException {
            StringBuilder head = new StringBuilder(request.method()).append(' ').append(request.target()).append(" HTTP/1.1\r\nhost: ").append(request.host());
            request.headers().forEach(line -> head.append("\r\n").append(line));
            socket.getOutputStream().write(head.append("\r\n\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
            Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            line();
            for (String line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
            in.skipNBytes(Integer.parseInt(fields.getOrDefault("content-length", "0")));
            return fields;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) throw new EOFException("closed after \"" + line + "\"");
                line.append((char) next);
            }
            return line.toString().strip();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static PlainRequest request(Random random, RandomRoutes chance) {
        PlainRequest plain = chance.request(AUTHORITIES);
        List<String> headers = new ArrayList<>(plain.headers());
        String method = plain.method();
        String path = plain.path();
        if (random.nextInt(10) == 0) path = "/x/.." + path;
        if (random.nextInt(10) == 0) path = path + "../..x";
        if (random.nextInt(10) == 0) headers.add("x-forwarded-proto: https");
        if (random.nextInt(10) == 0) {
            method = "OPTIONS";
            headers.add("origin: https://" + (random.nextBoolean() ? "shop" : "evil") + ".example");
            if (random.nextInt(4) > 0) headers.add("access-control-request-method: PUT");
        }
        return new PlainRequest(method, plain.host(), path, plain.query(), headers);
    }

    // What is configured.

    private static RouteTable table(Random random, RandomRoutes chance) {
        List<String> hosts = new ArrayList<>(List.of(HOSTS));
        Collections.shuffle(hosts, random);
        RouteTable plain = chance.table(10, hosts.subList(0, 4).toArray(String[]::new));
        return new RouteTable("t", plain.virtualHosts().stream().map(host -> new VirtualHost(host.name(), host.hosts(),
            host.routes().stream().map(route -> changed(route, random)).toList())).toList(), plain.order());
    }

    private static Route changed(Route route, Random random) {
        Route.Action action = action(random);
        boolean goesOn = action instanceof Route.ToCluster || action instanceof Route.ToWeightedClusters;
        Optional<PathRewrite> rewrite = goesOn && random.nextInt(3) == 0 ? Optional.of(rewrite(random)) : Optional.empty();
        RouteFilters filters = new RouteFilters(rewrite, HeaderChanges.NONE, HeaderChanges.NONE);
        if (random.nextInt(3) == 0) {
            filters = filters.with(new CorsPolicy(List.of(new CorsPolicy.Exact("https://shop.example")), List.of("PUT"), List.of(), List.of(), Optional.empty(), false));
        }
        if (random.nextInt(8) == 0) {
            Percent percent = new Percent(random.nextBoolean() ? 1_000_000 : 0);
            filters = filters.with(new FaultPolicy(Optional.empty(), Optional.of(new FaultPolicy.Abort(Optional.of(new FaultPolicy.Http(418)), percent))));
        }
        Optional<String> host = goesOn && random.nextInt(4) == 0 ? Optional.of("rewritten.example") : Optional.empty();
        return new Route(route.name(), route.match(), route.conditions(), action, host, route.timeouts(), route.retry(), route.limits(), Optional.empty(), filters,
            route.hash());
    }

    private static PathRewrite rewrite(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> new PathRewrite.Prefix("/v1");
            case 1 -> new PathRewrite.Full("/all");
            default -> new PathRewrite.Regex("^/(a|b)", "/\\1/");
        };
    }

    private static Route.Action action(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> new Route.DirectReply(200 + random.nextInt(3), random.nextBoolean() ? "" : "here");
            case 1 -> new Route.Redirect(Optional.empty(), random.nextBoolean() ? Optional.of("shop.example") : Optional.empty(), 0,
                Optional.of(rewrite(random)), random.nextBoolean() ? 301 : 308, random.nextBoolean());
            case 2 -> new Route.Redirect(Optional.of("https"), Optional.empty(), random.nextInt(2) * 8443, Optional.empty(), 302, true);
            case 3 -> new Route.ToWeightedClusters(List.of(new WeightedCluster("one", 1), new WeightedCluster("both", 2), new WeightedCluster("ill", 0)));
            case 4 -> new Route.ToCluster(random.nextBoolean() ? "ill" : "none");
            case 5 -> new Route.ToCluster("both");
            default -> new Route.ToCluster("one");
        };
    }

    private MeshSnapshot snapshot(long version, RouteTable table) {
        ConnectionPolicy http1 = new ConnectionPolicy(Duration.ofSeconds(10), Optional.empty(), UpstreamProtocol.HTTP1, 1024, 1024, 1024);
        List<EndpointSet> endpoints = List.of(
            new EndpointSet("one", List.of(endpoint(one.address(), EndpointHealth.HEALTHY))),
            new EndpointSet("both", List.of(endpoint(one.address(), EndpointHealth.HEALTHY), endpoint(two.address(), EndpointHealth.HEALTHY),
                endpoint(new Address("127.0.0.1", 1), EndpointHealth.DRAINING))),
            new EndpointSet("ill", List.of(endpoint(two.address(), EndpointHealth.UNHEALTHY))),
            new EndpointSet("none", List.of()));
        AccessLogPolicy log = new AccessLogPolicy(AccessLogPolicy.Format.JSON, directory.resolve("access.log").toString(), Percent.ALL, true);
        Listener web = new Listener("web", new Address("127.0.0.1", 0), Scope.ALL, new Listener.HttpTraffic("t", ""), Optional.empty(), ListenerLimits.NONE)
            .withLog(Optional.of(log));
        return new MeshSnapshot(version, MeshSnapshot.byName(List.of(web), Listener::name), MeshSnapshot.byName(List.of(table), RouteTable::name),
            MeshSnapshot.byName(endpoints.stream().map(each -> new Cluster(each.cluster(), BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), http1)
                .withBalancing(BalancingPolicy.DEFAULT.withPanicThreshold(0))).toList(),
                Cluster::name),
            MeshSnapshot.byName(endpoints, EndpointSet::cluster), Optional.empty());
    }

    private static Endpoint endpoint(Address address, EndpointHealth health) {
        return new Endpoint(address, 1, Optional.empty(), health);
    }
}
