package mesh.xds;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.PeerMatch;
import mesh.model.AccessPolicy;
import mesh.model.AccessLogPolicy;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.BreakerFailure;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.ConsistentHash;
import mesh.model.CorsPolicy;
import mesh.model.Detection;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.FaultPolicy;
import mesh.model.GrpcCall;
import mesh.model.HashPolicy;
import mesh.model.HeaderChange;
import mesh.model.HeaderChanges;
import mesh.model.HeaderMatch;
import mesh.model.HealthCheckPolicy;
import mesh.model.HealthPolicy;
import mesh.model.HedgePolicy;
import mesh.model.HttpLimits;
import mesh.model.Listener;
import mesh.model.ListenerLimits;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.Mirror;
import mesh.model.OutlierPolicy;
import mesh.model.PathRewrite;
import mesh.model.Percent;
import mesh.model.ProxyProtocol;
import mesh.model.QueryMatch;
import mesh.model.RateLimit;
import mesh.model.RequestMatch;
import mesh.model.RetryBudgetPolicy;
import mesh.model.RetryLimits;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.SlowStart;
import mesh.model.SpiffeId;
import mesh.model.TextMatch;
import mesh.model.Timeouts;
import mesh.model.TracingPolicy;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.model.UpstreamProtocol;
import mesh.model.UpstreamTls;
import mesh.model.VirtualHost;

/** One snapshot that uses every feature of the model at least once, and is closed. */
final class Samples {

    static final SpiffeId WEB = SpiffeId.parse("spiffe://mesh.local/web");
    static final SpiffeId PAYMENTS = SpiffeId.parse("spiffe://mesh.local/ns/shop/payments");

    private Samples() {}

    static MeshSnapshot rich() {
        return new MeshSnapshot(7,
            MeshSnapshot.byName(listeners(), Listener::name),
            MeshSnapshot.byName(List.of(routes(), RouteTable.toCluster("all", route("r", new Route.ToCluster("plain")))), RouteTable::name),
            MeshSnapshot.byName(clusters(), Cluster::name),
            Map.of("secure", endpoints(), "soonest", placed(), "told", new EndpointSet("told", endpoints().endpoints())),
            Optional.of(new TrustBundle(TrustDomain.DEFAULT, authorities())))
            .withFederation(List.of(new TrustBundle(new TrustDomain("partner.example"), authorities().subList(0, 1))));
    }

    private static List<Listener> listeners() {
        return List.of(
            new Listener("outbound", new Address("127.0.0.1", 15001), Scope.ALL, new Listener.HttpTraffic("shop", ""), Optional.empty())
                .withLog(Optional.of(AccessLogPolicy.DEFAULT))
                .withTracing(Optional.of(new TracingPolicy(new Address("otel", 4317), new Percent(123_456), "shop"))),
            new Listener("every", new Address("", 0), Scope.ALL, new Listener.HttpTraffic("all", "web"), Optional.empty(),
                new ListenerLimits(Optional.of(RateLimit.of(10, Duration.ofSeconds(1), new RateLimit.ClientAddress())), 2))
                .withLog(Optional.of(new AccessLogPolicy(AccessLogPolicy.Format.JSON, AccessLogPolicy.STDERR, new Percent(123_456), false)))
                .withTracing(Optional.of(new TracingPolicy(new Address("::1", 1), Percent.ALL, ""))),
            new Listener("six", new Address("::1", 15002), Scope.ALL, new Listener.TcpTraffic("plain", Optional.of(new HashPolicy.SourceAddress())), Optional.empty()),
            new Listener("anything", new Address("", 15011), Scope.ALL, new Listener.HttpTraffic("all", "", Optional.of(new Detection("anywhere",
                List.of(new Detection.TlsRoute(List.of("shop.example", "*.Shop.example"), "plain"), new Detection.TlsRoute(List.of("bank"), "secure")),
                Detection.SERVER_FIRST))), Optional.empty(), new ListenerLimits(Optional.empty(), 1, 100, 0, HttpLimits.DEFAULT)).withArrival(Arrival.INTERCEPTED)
                .withLog(Optional.of(AccessLogPolicy.DEFAULT)),
            new Listener("anything-behind-a-proxy", new Address("", 15012), Scope.ALL, new Listener.HttpTraffic("all", "",
                Optional.of(new Detection("plain", List.of(), Set.of(3306)))), Optional.empty()).withProxied(ProxyProtocol.Acceptance.REQUIRED),
            new Listener("behind-a-proxy", new Address("", 15003), Scope.ALL, new Listener.HttpTraffic("all", ""), Optional.empty())
                .withProxied(ProxyProtocol.Acceptance.REQUIRED),
            new Listener("perhaps-behind-one", new Address("", 15004), Scope.ALL, new Listener.TcpTraffic("plain"),
                Optional.of(new DownstreamTls(DownstreamTls.Mode.PERMISSIVE, Set.of()))).withProxied(ProxyProtocol.Acceptance.OPTIONAL),
            new Listener("inbound", new Address("0.0.0.0", 15006), Scope.ALL, new Listener.HttpTraffic("all", "payments"),
                Optional.of(new DownstreamTls(Set.of(WEB, PAYMENTS))),
                new ListenerLimits(Optional.of(new RateLimit(3, Duration.ofMillis(50), 1_000_000, new RateLimit.PeerIdentity(), 16, true)), 0,
                    1000, 10 << 20, new HttpLimits(16, 50, 10, Duration.ofSeconds(2), Duration.ofMinutes(5))))
                .withLog(Optional.of(new AccessLogPolicy(AccessLogPolicy.Format.JSON, "/var/log/mesh/access.log", new Percent(0), true))),
            new Listener("intercepting", new Address("", 15010), Scope.ALL, new Listener.TcpTraffic("anywhere"), Optional.empty())
                .withArrival(Arrival.INTERCEPTED),
            new Listener("handed-over", new Address("10.0.0.8", 8080), Scope.ALL, new Listener.HttpTraffic("all", ""), Optional.empty())
                .withArrival(Arrival.HANDED_OVER),
            new Listener("guarded", new Address("0.0.0.0", 15008), Scope.ALL, new Listener.HttpTraffic("all", "payments"),
                Optional.of(new DownstreamTls(DownstreamTls.Mode.PERMISSIVE, Set.of(WEB)))).withAccess(policies()),
            new Listener("inbound-tcp", new Address("0.0.0.0", 15007), Scope.ALL, new Listener.TcpTraffic("secure", Optional.of(new HashPolicy.PeerIdentity())),
                Optional.of(new DownstreamTls(DownstreamTls.Mode.PERMISSIVE, Set.of())),
                new ListenerLimits(Optional.empty(), 0, 7, 0, HttpLimits.DEFAULT)));
    }

    private static List<AccessPolicy> policies() {
        List<PeerMatch> everybody = List.of(new PeerMatch.Exactly(WEB), PeerMatch.parse("spiffe://mesh.local/ns/shop/*"),
            PeerMatch.parse("spiffe://partner.org/*"), PeerMatch.parse("namespace/shop"), new PeerMatch.Anyone());
        return List.of(
            new AccessPolicy("all", AccessPolicy.Action.DENY, true, List.of(), List.of(), List.of(), List.of()),
            new AccessPolicy("no-admin", AccessPolicy.Action.DENY, false, List.of(), List.of(new Route.Exact("/admin"), new Route.Prefix("/admin/")),
                List.of("GET", "POST"), List.of(HeaderMatch.is("x-a", new TextMatch.Suffix("b")), HeaderMatch.absent("x-c"))),
            new AccessPolicy("known", AccessPolicy.Action.ALLOW, false, everybody, List.of(), List.of("GET"), List.of()),
            new AccessPolicy("known-too", AccessPolicy.Action.ALLOW, true, everybody, List.of(new Route.Prefix("/")), List.of(), List.of()));
    }

    private static RouteTable routes() {
        RetryPolicy often = new RetryPolicy(3, Duration.ofMillis(500), Duration.ofMillis(120), EnumSet.allOf(RetryOn.class), Set.of(425, 429), Duration.ofMillis(10), Duration.ofSeconds(1));
        RetryPolicy never = new RetryPolicy(2, Duration.ZERO, Set.of(), Duration.ZERO, Duration.ZERO);
        return new RouteTable("shop", List.of(
            new VirtualHost("pay", List.of("payments", "payments:8080", "*.pay.example.com"), List.of(
                new Route("exact", new Route.Exact("/v1/pay"), new Route.ToCluster("secure"), Optional.of("pay.internal"),
                    new Timeouts(Duration.ofMillis(1500), Duration.ZERO, Duration.ofHours(1), Duration.ofMillis(2500)), often).withLimits(new RouteLimits(Optional.of(
                        new RateLimit(1_000_000, Duration.ofHours(24), 1, new RateLimit.Header("X-Api-Key"), RateLimit.MOST_KEYS, false)), 1L << 50))
                    .withHedge(Optional.of(new HedgePolicy(new HedgePolicy.Percentile(99.5), 0.02))),
                new Route("split", new Route.Prefix("/v2/"),
                    new Route.ToWeightedClusters(List.of(new Route.WeightedCluster("secure", 3), new Route.WeightedCluster("plain", 0))),
                    Optional.empty(), new Timeouts(Duration.ZERO, Duration.ofSeconds(30), Duration.ZERO, Duration.ofMinutes(1)), never)
                    .withHedge(Optional.of(new HedgePolicy(new HedgePolicy.Delay(Duration.ofMillis(50)), 1))))),
            filtered(),
            matched(),
            keyed(),
            new VirtualHost("rest", List.of("*"), List.of(
                route("teapot", new Route.DirectReply(418, "short and stout \u2615"))
                    .withLimits(new RouteLimits(Optional.of(RateLimit.of(1, Duration.ofSeconds(1), new RateLimit.Everyone())), 0)),
                route("long", new Route.DirectReply(200, "x".repeat(5000))),
                route("empty", new Route.DirectReply(204, ""))))));
    }

    private static VirtualHost keyed() {
        return new VirtualHost("keyed", List.of("keyed"), List.of(
            route("every", new Route.ToCluster("ring")).withHash(List.of(
                new HashPolicy(new HashPolicy.Header("X-User"), true), new HashPolicy(new HashPolicy.Header(":path")),
                new HashPolicy(new HashPolicy.Cookie("session", Optional.of(Duration.ofHours(1)), "/shop")),
                new HashPolicy(new HashPolicy.Cookie("other", Optional.empty(), "")), new HashPolicy(new HashPolicy.SourceAddress()),
                new HashPolicy(new HashPolicy.PeerIdentity(), true))),
            route("while-it-runs", new Route.ToCluster("table")).withHash(List.of(
                new HashPolicy(new HashPolicy.Cookie("session", Optional.of(Duration.ZERO), ""))))));
    }

    private static VirtualHost matched() {
        return new VirtualHost("matched", List.of("matched.*"), List.of(
            route("segments", new Route.SegmentPrefix("/a"), RequestMatch.methods("GET")),
            route("segments-rewritten", new Route.SegmentPrefix("/a"), RequestMatch.methods("GET", "M-SEARCH", "PUT"))
                .withFilters(new RouteFilters(Optional.of(new PathRewrite.Prefix("/")), HeaderChanges.NONE, HeaderChanges.NONE)),
            route("regex", new Route.Regex("/[0-9]+(/.*)?"), RequestMatch.headers(HeaderMatch.present("x-a"), HeaderMatch.absent("x-b"),
                HeaderMatch.is("X-C", new TextMatch.Exact("true")), new HeaderMatch("x-d", Optional.of(new TextMatch.Prefix("a")), true),
                HeaderMatch.is("x-e", new TextMatch.Suffix("z")), HeaderMatch.is("x-f", new TextMatch.Contains(" ")),
                HeaderMatch.is("x-g", new TextMatch.Regex("[a-z]+")))),
            route("query", new Route.Exact("/q"), RequestMatch.queryParams(new QueryMatch("v", Optional.empty()),
                new QueryMatch("w", Optional.of(new TextMatch.Exact("1"))), new QueryMatch("x", Optional.of(new TextMatch.Regex("[0-9]+"))))),
            route("grpc", new Route.Prefix("/shop.Payments/"), GrpcCall.only(RequestMatch.ANY)),
            route("reply", new Route.DirectReply(200, "")).withConditions(RequestMatch.methods("TRACE"))));
    }

    private static Route route(String name, Route.PathMatch match, RequestMatch conditions) {
        return new Route(name, match, new Route.ToCluster("plain"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE).withConditions(conditions);
    }

    private static VirtualHost filtered() {
        HeaderChanges headers = new HeaderChanges(List.of("x-debug", "x-old"), List.of(
            new HeaderChange("x-team", "100% payments", HeaderChange.Action.APPEND),
            new HeaderChange("X-Env", "%%", HeaderChange.Action.SET),
            new HeaderChange("x-a", "a", HeaderChange.Action.ADD_IF_ABSENT),
            new HeaderChange("x-a", "b", HeaderChange.Action.SET_IF_PRESENT)));
        HeaderChanges one = new HeaderChanges(List.of("server"), List.of());
        return new VirtualHost("filtered", List.of("filtered"), List.of(
            rewritten("joined", "/a", new PathRewrite.Prefix("/b"), headers),
            rewritten("opened", "/a", new PathRewrite.Prefix("/"), one),
            rewritten("closed", "/a.b/", new PathRewrite.Prefix("/b"), HeaderChanges.NONE),
            rewritten("below", "/", new PathRewrite.Prefix("/b"), HeaderChanges.NONE),
            rewritten("whole", "/", new PathRewrite.Full("/b%20c"), HeaderChanges.NONE),
            rewritten("expressed", "/", new PathRewrite.Regex("^/([^/]+)/(.*)$", "/\\2/\\1"), HeaderChanges.NONE),
            route("moved", new Route.Redirect(Optional.of("https"), Optional.of("shop.example"), 8443, Optional.of(new PathRewrite.Full("/new")), 308, false)),
            route("renamed", new Route.Redirect(Optional.empty(), Optional.empty(), 0, Optional.of(new PathRewrite.Prefix("/new")), 301, true))
                .withFilters(new RouteFilters(Optional.empty(), HeaderChanges.NONE, headers)),
            rewritten("called", "/", new PathRewrite.Full("/"), HeaderChanges.NONE).withFilters(RouteFilters.NONE
                .with(new CorsPolicy(List.of(new CorsPolicy.Exact("https://shop.example"), new CorsPolicy.Prefix("https://pr-"),
                    new CorsPolicy.Regex("https://[a-z]+[.]example")), List.of("GET", "PUT"), List.of("x-a", "x-b"), List.of("x-c"),
                    Optional.of(Duration.ofHours(1)), true))
                .with(new FaultPolicy(Optional.of(new FaultPolicy.Delay(Optional.of(Duration.ofMillis(1500)), new Percent(123_456))),
                    Optional.of(new FaultPolicy.Abort(Optional.of(new FaultPolicy.Grpc(14)), new Percent(1_200)))))
                .with(new Mirror("secure", Percent.ALL), new Mirror("plain", new Percent(1)))),
            route("asked", new Route.DirectReply(200, "")).withFilters(RouteFilters.NONE
                .with(new CorsPolicy(List.of(CorsPolicy.ANY), List.of(), List.of(), List.of(), Optional.empty(), false))
                .with(new FaultPolicy(Optional.of(new FaultPolicy.Delay(Optional.empty(), Percent.ALL)),
                    Optional.of(new FaultPolicy.Abort(Optional.empty(), new Percent(0)))))),
            route("down", new Route.DirectReply(200, "")).withFilters(RouteFilters.NONE.with(new FaultPolicy(Optional.empty(),
                Optional.of(new FaultPolicy.Abort(Optional.of(new FaultPolicy.Http(503)), new Percent(500_000)))))),
            route("turned", new Route.Redirect(Optional.of("http"), Optional.empty(), 0,
                Optional.of(new PathRewrite.Regex("a", "b")), 302, true))), headers, one);
    }

    private static Route rewritten(String name, String prefix, PathRewrite rewrite, HeaderChanges headers) {
        return new Route(name, new Route.Prefix(prefix), new Route.ToCluster("plain"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE)
            .withFilters(new RouteFilters(Optional.of(rewrite), headers, HeaderChanges.NONE));
    }

    private static Route route(String name, Route.Action action) {
        return new Route(name, new Route.Prefix("/"), action, Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE);
    }

    private static List<Cluster> clusters() {
        return List.of(
            new Cluster("plain", BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT),
            new Cluster("anywhere", BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT).withOriginalDst(true),
            new Cluster("secure", BalancerKind.LEAST_CONN, Optional.of(new UpstreamTls(Set.of(PAYMENTS, WEB))),
                Optional.of(new CircuitBreakerPolicy(64, 0.25, Duration.ofMillis(2500), EnumSet.allOf(BreakerFailure.class))),
                new ConnectionPolicy(Duration.ofMillis(250), Optional.of(Duration.ofSeconds(90)), UpstreamProtocol.HTTP2, 7, 0, 1_000_000, 100,
                    Optional.of(Duration.ofMinutes(10)))).withRetries(new RetryLimits(new RetryBudgetPolicy(0.07, 4, Duration.ofSeconds(10)), 0)),
            new Cluster("told-in-words", BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withAnnounces(Optional.of(ProxyProtocol.Version.V1)),
            new Cluster("told", BalancerKind.ROUND_ROBIN, Optional.of(new UpstreamTls(Set.of(WEB))), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withAnnounces(Optional.of(ProxyProtocol.Version.V2)),
            new Cluster("soonest", BalancerKind.PEAK_EWMA, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withHealth(new HealthPolicy(Optional.of(OutlierPolicy.DEFAULT))).withRetries(new RetryLimits(new RetryBudgetPolicy(2.5, 0, Duration.ofSeconds(30)), 7))
                .withBalancing(new BalancingPolicy(0, Optional.of(new SlowStart(Duration.ofSeconds(90), 1.5, 0)), false)),
            new Cluster("watched", BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withHealth(new HealthPolicy(Optional.of(new OutlierPolicy(0, 3, true, 7, Duration.ofMillis(1500), Duration.ofSeconds(5),
                    Duration.ofMinutes(2), Duration.ofMillis(250), 0, false, Optional.empty(),
                    Optional.of(new OutlierPolicy.FailurePercentage(0, 3, 9))))))
                .withBalancing(BalancingPolicy.DEFAULT.withPanicThreshold(30).withSlowStart(SlowStart.over(Duration.ofSeconds(30)))),
            new Cluster("asked", BalancerKind.ROUND_ROBIN, Optional.of(new UpstreamTls(Set.of())), Optional.empty(),
                new ConnectionPolicy(Duration.ofSeconds(1), Optional.empty(), UpstreamProtocol.HTTP2, 9, 9, 9))
                .withHealth(new HealthPolicy(Optional.of(OutlierPolicy.DEFAULT), Optional.of(new HealthCheckPolicy(
                    new HealthCheckPolicy.Http(Optional.of("probe.local:80"), "/healthz?deep=1", "HEAD",
                        List.of(new HealthCheckPolicy.Statuses(200, 299), new HealthCheckPolicy.Statuses(404, 404)),
                        List.of(new HealthCheckPolicy.Statuses(503, 503)),
                        List.of(new HealthCheckPolicy.Header("x-probe", "mesh"), new HealthCheckPolicy.Header("x-empty", ""))),
                    Duration.ofMillis(1500), 7, Duration.ofMillis(20), Duration.ofMillis(250), 5, 6, Duration.ofSeconds(7), false)))),
            new Cluster("knocked", BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withHealth(new HealthPolicy(Optional.empty(), Optional.of(HealthCheckPolicy.of(new HealthCheckPolicy.Tcp("50494e47", List.of("504f", "4e47")))))),
            new Cluster("called", BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withHealth(new HealthPolicy(Optional.empty(), Optional.of(HealthCheckPolicy.of(new HealthCheckPolicy.Grpc("pay.v1.Pay", Optional.of("pay")))))),
            new Cluster("ring", BalancerKind.RING_HASH, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withHash(new ConsistentHash(512, 4096, 65_537, 150)),
            new Cluster("ring-as-it-comes", BalancerKind.RING_HASH, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT),
            new Cluster("table", BalancerKind.MAGLEV, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
                .withHash(ConsistentHash.DEFAULT.withTable(251)),
            new Cluster("chance", BalancerKind.RANDOM, Optional.of(new UpstreamTls(Set.of())), Optional.of(CircuitBreakerPolicy.DEFAULT),
                new ConnectionPolicy(Duration.ofSeconds(1), Optional.empty(), UpstreamProtocol.HTTP1, 1, 1, 1))
                .withBalancing(BalancingPolicy.DEFAULT.withSlowStart(new SlowStart(Duration.ofMinutes(2), 0.5, 20))));
    }

    private static EndpointSet endpoints() {
        return new EndpointSet("secure", List.of(
            new Endpoint(new Address("10.0.0.7", 9001), 2, Optional.of(PAYMENTS)),
            new Endpoint(new Address("fd00::7", 9001), 1_000_000, Optional.of(WEB)),
            new Endpoint(new Address("localhost", 9002), 1, Optional.empty(), EndpointHealth.DRAINING)));
    }

    private static EndpointSet placed() {
        Optional<Locality> near = Optional.of(Locality.parse("eu/eu-1/a"));
        return new EndpointSet("soonest", List.of(
            new Endpoint(new Address("10.0.1.1", 80), 1, Optional.empty()).at(near, 0),
            new Endpoint(new Address("10.0.1.2", 80), 3, Optional.empty()).at(near, 0),
            new Endpoint(new Address("10.0.1.3", 80), 1, Optional.empty()).at(near, 2),
            new Endpoint(new Address("10.0.2.1", 80), 1, Optional.empty()).at(Optional.of(Locality.parse("eu/eu-2")), 0),
            new Endpoint(new Address("10.0.3.1", 80), 1, Optional.empty()).at(Optional.empty(), 127)));
    }

    static List<X509Certificate> authorities() {
        try (InputStream pem = Samples.class.getResourceAsStream("authorities.pem")) {
            return CertificateFactory.getInstance("X.509").generateCertificates(pem).stream().map(X509Certificate.class::cast).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }
}
