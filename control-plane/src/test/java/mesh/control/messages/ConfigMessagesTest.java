package mesh.control.messages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import java.time.InstantSource;
import java.util.List;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.Route;
import mesh.pki.PemFiles;
import mesh.pki.TestPki;
import mesh.v1.FieldChange;
import org.junit.jupiter.api.Test;

class ConfigMessagesTest {

    /** Every field that a configuration has, none at its default. */
    private static final String FULL = """
        {
          "listeners": [
            {"name": "in", "listen": "127.0.0.1:15006", "scope": {"workload": "payments", "node": "payments-1"}, "protocol": "http",
             "cluster": "app", "service": "payments", "tls": {"mode": "permissive", "allow": ["spiffe://mesh.local/web"]},
             "authorization": [
               {"name": "no-admin", "action": "deny", "dry_run": true, "paths": ["/admin", "/admin/*"], "methods": ["GET"]},
               {"name": "known", "action": "allow", "from": ["*", "spiffe://mesh.local/web", "spiffe://mesh.local/*", "namespace/shop"],
                "headers": [{"name": "x-a", "exact": "b"}]}]},
            {"name": "out", "listen": "[::1]:15001", "scope": {"workload": "web"}, "protocol": "http", "route": "outbound",
             "limits": {"trusted_hops": 2, "rate": {"requests": 100, "per": "60s", "burst": 10, "key": "address", "keys": 1024, "shadow": true},
                        "max_connections": 1000, "max_body_bytes": "1048576",
                        "http": {"head_kib": 16, "fields": 50, "streams": 10, "head_timeout": "2s", "idle_timeout": "60s"}},
             "access_log": {"format": "json", "file": "/var/log/mesh/access.log", "sample": 0.1, "errors": false},
             "tracing": {"endpoint": "otel:4317", "sampling": 2.5, "service": "shop"}},
            {"name": "db", "listen": ":5432", "protocol": "tcp", "cluster": "app", "hash_by": "spiffe_id"}
          ],
          "routes": [
            {"name": "outbound", "order": "specific", "virtual_hosts": [
              {"name": "payments", "hosts": ["payments", "*"], "routes": [
                {"name": "matched", "path_prefix": "/m", "cluster": "app", "timeout": "15s", "idle_timeout": "300s",
                 "match": {"methods": ["GET", "PUT"], "headers": [{"name": "x-a", "exact": "a"}, {"name": "x-b", "prefix": "b", "invert": true},
                     {"name": "x-c", "suffix": "c"}, {"name": "x-d", "contains": "d"}, {"name": "x-e", "regex": "e+"}, {"name": "x-f", "present": true},
                     {"name": "x-g", "absent": true}],
                   "query_params": [{"name": "v", "exact": "1"}, {"name": "w", "regex": "[0-9]+"}, {"name": "x", "present": true}]}},
                {"name": "expression", "path_regex": "/[0-9]+", "reply": {"status": 204}, "match": {"grpc": {}}},
                {"name": "exact", "path": "/health", "cluster": "app", "host_rewrite": "app.local", "timeout": "0s", "idle_timeout": "60s",
                 "hash_policy": [{"by": "header:x-user", "terminal": true}, {"by": "cookie:session", "ttl": "3600s", "path": "/"}, {"by": "cookie:other"},
                   {"by": "address"}, {"by": "spiffe_id"}],
                 "rate_limit": {"requests": 5, "per": "1s", "burst": 5, "key": "header:x-api-key", "keys": 65536},
                 "max_body_bytes": "1099511627776"},
                {"name": "gone", "path": "/old", "reply": {"status": 410, "body": "gone\\n"}},
                {"name": "moved", "prefix": "/moved", "redirect": {"scheme": "https", "host": "new.example", "port": 8443, "path": {"prefix": "/"},
                 "status": 308, "strip_query": true}, "response_headers": {"add": [{"name": "x-why", "value": "moved", "action": "set"}]}},
                {"name": "rewritten", "prefix": "/r", "cluster": "app", "timeout": "15s", "idle_timeout": "300s",
                 "cors": {"allow_origins": ["https://shop.example", "prefix:https://pr-", "regex:https://.*"], "allow_methods": ["GET"],
                   "allow_headers": ["x-a"], "expose_headers": ["x-b"], "max_age": "3600s", "allow_credentials": true},
                 "fault": {"delay": {"fixed": "1.500s", "percent": 12.3456}, "abort": {"by_header": true, "percent": 0}},
                 "mirrors": [{"cluster": "canary", "percent": 12.5}, {"cluster": "app", "percent": 100}],
                 "rewrite": {"regex": "^/r/(.*)", "substitution": "/\\\\1"},
                 "request_headers": {"remove": ["x-debug"], "add": [{"name": "x-team", "value": "50%%", "action": "append"}]}},
                {"name": "all", "prefix": "/", "timeout": "60.500s", "idle_timeout": "300s", "max_stream_duration": "3600s", "grpc_timeout_max": "30s",
                 "weighted_clusters": [{"cluster": "app", "weight": 9}, {"cluster": "canary", "weight": 1}],
                 "retry": {"attempts": 3, "per_try_timeout": "0.500s", "per_try_idle_timeout": "0.120s", "retry_on": ["connect-failure", "5xx", "retriable-status-codes"],
                           "retriable_status_codes": [425, 429],
                           "backoff_base": "0.010s", "backoff_max": "1s"},
                 "hedge": {"after": "p99.5", "max_extra": 0.02}}
              ], "request_headers": {"remove": ["x-host"]}, "response_headers": {"add": [{"name": "x-host", "value": "v", "action": "add-if-absent"}]}}
            ]}
          ],
          "clusters": [
            {"name": "app", "balancer": "least_conn", "connect_timeout": "2s", "idle_timeout": "30s", "protocol": "http2",
             "outlier_detection": {"consecutive_5xx": 0, "consecutive_gateway_failure": 3, "split_local_origin_errors": true,
               "consecutive_local_origin_failure": 4, "interval": "1s", "base_ejection_time": "2s", "max_ejection_time": "3s",
               "max_ejection_time_jitter": "0.500s", "max_ejection_percent": 0, "always_eject_one_host": false,
               "success_rate": {"minimum_hosts": 2, "request_volume": 3, "stdev_factor": 0},
               "failure_percentage": {"threshold": 0, "minimum_hosts": 4, "request_volume": 5}},
             "max_connections": 10, "max_pending_requests": 11, "max_requests": 12, "max_requests_per_connection": 13,
             "max_connection_duration": "600s", "max_retries": 14, "retry_budget": {"ratio": 0, "min_per_second": 0, "ttl": "1s"},
             "balancing": {"panic_threshold": 0, "prefer_local": false,
               "slow_start": {"window": "30s", "aggression": 1.5, "min_weight_percent": 0}},
             "circuit_breaker": {"window_size": 10, "failure_threshold": 0.25, "reset_timeout": "5s",
                                 "failures": ["connect-failure", "unavailable"]},
             "tls": {"expect": ["spiffe://mesh.local/a", "spiffe://mesh.local/b"]},
             "health_check": {"http": {"host": "app", "path": "/healthz", "method": "HEAD", "expected_statuses": ["200-299", "404"], "retriable_statuses": ["503"],
               "headers": [{"name": "x-probe", "value": "mesh"}]}, "interval": "1s", "interval_jitter_percent": 0, "initial_jitter": "0.250s",
               "timeout": "0.500s", "unhealthy_threshold": 4, "healthy_threshold": 5, "no_traffic_interval": "2s", "reuse_connection": false},
             "endpoints": [{"address": "127.0.0.1:8080", "weight": 2, "spiffe_id": "spiffe://mesh.local/payments", "health": "draining", "locality": "eu/eu-1/a", "priority": 1},
                           {"address": "db.local:8081", "weight": 1}]},
            {"name": "canary", "balancer": "random", "connect_timeout": "1s", "protocol": "http1",
             "max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024},
            {"name": "ring", "balancer": "ring_hash", "connect_timeout": "1s", "protocol": "downstream",
             "max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024,
             "hash": {"min_ring_size": 64, "max_ring_size": 128, "balance_factor": 150}},
            {"name": "table", "balancer": "maglev", "connect_timeout": "1s", "protocol": "downstream",
             "max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024, "hash": {"table_size": 251}}
          ],
          "federation": [{"name": "partner.example", "bundle": "%s"}]
        }
        """.formatted(pem("partner.example").replace("\n", "\\n"));

    private static String pem(String trustDomain) {
        return PemFiles.encode(TestPki.create(trustDomain, InstantSource.system()).bundle().authorities());
    }

    @Test
    void encodesWhatWasWritten() throws Exception {
        mesh.v1.Config written = config(FULL);

        assertThat(ConfigMessages.encode(decode(written))).isEqualTo(written);
    }

    @Test
    void decodesWhatItEncoded() throws Exception {
        MeshSnapshot snapshot = decode(config(FULL));

        assertThat(decode(ConfigMessages.encode(snapshot))).isEqualTo(snapshot);
    }

    @Test
    void whatDiffersIsWhatDiffersBetweenTheWholeConfigurations() throws Exception {
        mesh.v1.Config written = config(FULL);
        mesh.v1.Config.Builder edited = written.toBuilder();
        edited.getClustersBuilder(0).addEndpointsBuilder().setAddress("10.9.9.9:80").setWeight(1);
        edited.getRoutesBuilder(0).getVirtualHostsBuilder(0).addHosts("more");
        edited.addListeners(0, edited.getListeners(0).toBuilder().setName("another").setListen("127.0.0.1:1"));
        edited.addListeners(1, edited.getListeners(edited.getListenersCount() - 1)).removeListeners(edited.getListenersCount() - 1);
        List<MeshSnapshot> all = List.of(MeshSnapshot.EMPTY, decode(written), decode(edited.build()));
        for (MeshSnapshot before : all) {
            for (MeshSnapshot after : all) {
                assertThat(ConfigMessages.differences(before, after))
                    .isEqualTo(FieldChanges.between(ConfigMessages.encode(before), ConfigMessages.encode(after)));
            }
        }
        assertThat(ConfigMessages.differences(all.get(1), all.get(2))).extracting(FieldChange::getPath)
            .contains("listeners.another", "listeners (order)").anyMatch(path -> path.endsWith(".endpoints.10.9.9.9:80"));
    }

    @Test
    void givesAListenerThatNamesAClusterARouteTableOfItsOwn() throws Exception {
        MeshSnapshot snapshot = decode(config(FULL));

        assertThat(snapshot.listeners().get("in").traffic()).isEqualTo(new Listener.HttpTraffic("@in", "payments"));
        assertThat(snapshot.routeTables().get("@in").virtualHosts().get(0).routes().get(0).action()).isEqualTo(new Route.ToCluster("app"));
    }

    @Test
    void takesNoTrustDomainWhoseBundleIsNotItsOwn() {
        mesh.v1.Config.Builder config = mesh.v1.Config.newBuilder();
        config.addFederationBuilder().setName("partner.example").setBundle(pem("other.example"));
        config.addFederationBuilder().setName("third.example").setBundle("x");
        config.addFederationBuilder().setName("Fourth").setBundle("x");
        Problems problems = new Problems();
        ConfigMessages.decode(config.build(), "config", problems);
        assertThat(problems.list()).extracting(Problem::toString).satisfiesExactly(
            first -> assertThat(first).startsWith("config.federation[0].bundle: ").contains("the authority of [spiffe://other.example]"),
            second -> assertThat(second).startsWith("config.federation[1].bundle: ").contains("no CERTIFICATE in it"),
            third -> assertThat(third).startsWith("config.federation[2].name: ").contains("\"Fourth\""));
    }

    @Test
    void fillsInTheDefaults() throws Exception {
        mesh.v1.Config spelledOut = ConfigMessages.encode(decode(config("""
            {"listeners": [{"name": "l", "listen": ":80", "route": "t"}],
             "routes": [{"name": "t", "virtual_hosts": [{"name": "v", "hosts": ["*"], "routes": [{"name": "r", "cluster": "c"}]}]}],
             "clusters": [{"name": "c", "circuit_breaker": {}, "endpoints": [{"address": "a:1"}]}]}""")));

        assertThat(spelledOut).isEqualTo(config("""
            {"listeners": [{"name": "l", "listen": ":80", "protocol": "http", "route": "t"}],
             "routes": [{"name": "t", "virtual_hosts": [{"name": "v", "hosts": ["*"],
               "routes": [{"name": "r", "prefix": "/", "cluster": "c", "timeout": "15s", "idle_timeout": "300s"}]}]}],
             "clusters": [{"name": "c", "balancer": "round_robin", "connect_timeout": "1s", "protocol": "downstream",
               "max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024,
               "circuit_breaker": {"window_size": 20, "failure_threshold": 0.5, "reset_timeout": "10s"},
               "endpoints": [{"address": "a:1", "weight": 1}]}]}"""));
    }

    @Test
    void findsEveryProblemAtOnceAndSaysWhere() throws Exception {
        assertThat(problems("""
            {"listeners": [
               {"name": "", "listen": "8080", "protocol": "udp", "tls": {"allow": ["mesh.local/web", "spiffe://mesh.local"]}},
               {"name": "@x", "listen": ":1", "cluster": "c", "route": "t"},
               {"name": "y", "listen": ":1", "protocol": "tcp", "cluster": "c", "route": "t", "service": "s"},
               {"name": "y", "listen": ":1", "route": "@in"}],
             "routes": [{"name": "t", "virtual_hosts": [
               {"name": "v", "hosts": [], "routes": []},
               {"name": "w", "hosts": ["*"], "routes": [
                 {"name": "r", "path": "health", "cluster": "c", "weighted_clusters": [{"cluster": "c"}], "timeout": "-1s",
                  "retry": {"attempts": 11}},
                 {"name": "s", "path": "/a", "prefix": "/", "retry": {"attempts": 2, "retry_on": ["5x"], "per_try_timeout": "-0.5s", "per_try_idle_timeout": "-1s"},
                  "weighted_clusters": [{"cluster": "c", "weight": 2000000}]},
                 {"name": "t", "reply": {"status": 99}, "timeout": "1s"},
                 {"name": "u"}]}]}],
             "clusters": [{"name": "c", "balancer": "roundrobin", "connect_timeout": "0s", "idle_timeout": "-1s", "protocol": "grpc",
               "max_connections": 4000000000,
               "tls": {"expect": ["x"]}, "circuit_breaker": {"window_size": 1025, "failure_threshold": 1.5},
               "endpoints": [{"address": ":80"}, {"address": "a:1", "weight": 1000001, "spiffe_id": "b"}, {"address": "a:1"}]}]}"""))
            .containsExactly(
                "config.listeners[0].name: \"\" (expected: a name)",
                "config.listeners[0].listen: \"8080\" (expected: host:port, :port or [ipv6]:port)",
                "config.listeners[0].protocol: \"udp\" (expected: http, tcp or auto)",
                "config.listeners[0].tls.allow[0]: \"mesh.local/web\" (expected: a SPIFFE id such as spiffe://mesh.local/payments)",
                "config.listeners[0].tls.allow[1]: \"spiffe://mesh.local\" (expected: a SPIFFE id such as spiffe://mesh.local/payments)",
                "config.listeners[1].name: \"@x\" (expected: a name that does not begin with \"@\")",
                "config.listeners[1].route: route \"t\" and cluster \"c\" (expected: one of them)",
                "config.listeners[2].route: \"t\" (expected: a cluster and no route, for protocol tcp)",
                "config.listeners[2].service: \"s\" (expected: none, for protocol tcp)",
                "config.listeners[3].name: \"y\" stands in config.listeners[2] already (expected: once)",
                "config.listeners[3].route: \"@in\" (expected: a name that does not begin with \"@\")",
                "config.routes[0].virtual_hosts[0].hosts: virtual host \"v\": no hosts (expected: at least one, \"*\" for all)",
                "config.routes[0].virtual_hosts[1].routes[0].path: route path: \"health\" (expected: begins with / and has no ? or #)",
                "config.routes[0].virtual_hosts[1].routes[0].cluster: cluster and weighted_clusters (expected: one of cluster, weighted_clusters, reply, redirect)",
                "config.routes[0].virtual_hosts[1].routes[0].timeout: -1s (expected: 0s or more, such as \"1s\")",
                "config.routes[0].virtual_hosts[1].routes[0].retry.attempts: 11 (expected: 1 to 10)",
                "config.routes[0].virtual_hosts[1].routes[1]: path \"/a\" and prefix \"/\" (expected: one of them)",
                "config.routes[0].virtual_hosts[1].routes[1].weighted_clusters[0].weight: 2000000 (expected: 0 to 1000000)",
                "config.routes[0].virtual_hosts[1].routes[1].retry.per_try_timeout: -0.5s (expected: 0s or more, such as \"1s\")",
                "config.routes[0].virtual_hosts[1].routes[1].retry.per_try_idle_timeout: -1s (expected: 0s or more, such as \"1s\")",
                "config.routes[0].virtual_hosts[1].routes[1].retry.retry_on[0]: \"5x\" (expected: one of connect-failure, refused-stream,"
                    + " reset-before-request, reset, gateway-error, 5xx, retriable-4xx, retriable-status-codes, envoy-ratelimited,"
                    + " cancelled, deadline-exceeded, internal, resource-exhausted, unavailable)",
                "config.routes[0].virtual_hosts[1].routes[2].reply: beside timeout, idle_timeout, max_stream_duration, grpc_timeout_max, retry,"
                    + " hedge, host_rewrite, rewrite, request_headers, mirrors or hash_policy (expected: none of them, nothing is sent upstream)",
                "config.routes[0].virtual_hosts[1].routes[2].reply.status: direct reply status: 99 (expected: 200 to 599)",
                "config.routes[0].virtual_hosts[1].routes[3].cluster: missing (expected: one of cluster, weighted_clusters, reply, redirect)",
                "config.clusters[0].balancer: \"roundrobin\" (expected: one of round_robin, least_conn, random, peak_ewma, ring_hash, maglev)",
                "config.clusters[0].endpoints[0].address: \":80\" (expected: host:port, such as 10.0.0.7:9001)",
                "config.clusters[0].endpoints[1].weight: 1000001 (expected: 1 to 1000000)",
                "config.clusters[0].endpoints[1].spiffe_id: \"b\" (expected: a SPIFFE id such as spiffe://mesh.local/payments)",
                "config.clusters[0].endpoints[2].address: \"a:1\" stands in config.clusters[0].endpoints[1] already (expected: once)",
                "config.clusters[0].tls.expect[0]: \"x\" (expected: a SPIFFE id such as spiffe://mesh.local/payments)",
                "config.clusters[0].circuit_breaker.window_size: 1025 (expected: 1 to 1024)",
                "config.clusters[0].circuit_breaker.failure_threshold: 1.5 (expected: above 0 and at most 1)",
                "config.clusters[0].connect_timeout: 0s (expected: more than 0s, such as \"1s\")",
                "config.clusters[0].idle_timeout: -1s (expected: more than 0s, such as \"1s\")",
                "config.clusters[0].protocol: \"grpc\" (expected: one of downstream, http1, http2)",
                "config.clusters[0].max_connections: 4000000000 (expected: 1 to 1000000)");
    }

    @Test
    void tellsTheSameOfAGrpcCallInTheWiresWords() throws Exception {
        mesh.v1.Route sugar = config("""
            {"routes": [{"name": "t", "virtual_hosts": [{"name": "v", "hosts": ["*"], "routes": [
               {"name": "a", "cluster": "c", "match": {"grpc": {"service": "shop.Pay", "method": "Do"}}}]}]}], "clusters": [{"name": "c"}]}""")
            .getRoutes(0).getVirtualHosts(0).getRoutes(0);
        mesh.v1.Route told = ConfigMessages.encode(decode(mesh.v1.Config.newBuilder().addClusters(mesh.v1.Cluster.newBuilder().setName("c"))
            .addRoutes(mesh.v1.RouteTable.newBuilder().setName("t").addVirtualHosts(mesh.v1.VirtualHost.newBuilder().setName("v").addHosts("*")
                .addRoutes(sugar))).build())).getRoutes(0).getVirtualHosts(0).getRoutes(0);
        assertThat(told.getPath()).isEqualTo("/shop.Pay/Do");
        assertThat(told.getMatch()).isEqualTo(mesh.v1.RequestMatch.newBuilder().setGrpc(mesh.v1.GrpcMatch.getDefaultInstance()).build());
    }

    @Test
    void saysWhereEndpointsAreFoundOut() throws Exception {
        mesh.v1.Config config = config("""
            {"clusters": [{"name": "a", "discovery": {"dns": {"hostname": "a.test", "port": 80, "dns_lookup_family": "all"}}},
              {"name": "b", "discovery": {"dns": {"hostname": "_http._tcp.b.test", "spiffe_id": "spiffe://mesh.local/b"}}},
              {"name": "c", "discovery": {"file": {"name": "c.yaml"}}}]}""");
        assertThat(ConfigMessages.encode(decode(config)).getClustersList()).extracting(mesh.v1.Cluster::getDiscovery)
            .isEqualTo(config.getClustersList().stream().map(mesh.v1.Cluster::getDiscovery).toList());
        assertThat(problems("""
            {"clusters": [{"name": "a", "discovery": {"dns": {"hostname": "a b", "port": 80}}},
              {"name": "b", "discovery": {"dns": {"hostname": "b.test", "port": 70000}}},
              {"name": "c", "discovery": {"dns": {"hostname": "b.test", "dns_lookup_family": "auto"}}},
              {"name": "d", "discovery": {"file": {"name": "../d.yaml"}}},
              {"name": "e", "discovery": {}}]}""")).containsExactly(
            "config.clusters[0].discovery.dns: hostname: \"a b\" (expected: a DNS name such as payments.example.com)",
            "config.clusters[1].discovery.dns: port: 70000 (expected: 0 to 65535)",
            "config.clusters[2].discovery.dns.dns_lookup_family: \"auto\" (expected: v4_preferred, v4_only, v6_only, all)",
            "config.clusters[3].discovery.file: name: \"../d.yaml\" (expected: the name of a file such as payments.yaml, without a directory)",
            "config.clusters[4].discovery: missing (expected: dns or file)");
    }

    @Test
    void findsWhatIsWrongWithMatches() throws Exception {
        assertThat(problems("""
            {"routes": [{"name": "t", "order": "best", "virtual_hosts": [{"name": "v", "hosts": ["*"], "routes": [
               {"name": "a", "cluster": "c", "path": "/a", "path_prefix": "/b"},
               {"name": "b", "cluster": "c", "path_regex": "/("},
               {"name": "c", "cluster": "c", "path_prefix": "b"},
               {"name": "d", "cluster": "c", "match": {"methods": ["get"]}},
               {"name": "e", "cluster": "c", "match": {"headers": [{"name": "x"}, {"name": "x", "exact": "a", "present": true},
                 {"name": "x", "absent": true, "invert": true}, {"name": ":path", "present": true}, {"name": "x", "regex": "("}]}},
               {"name": "f", "cluster": "c", "match": {"query_params": [{"name": "a&b", "present": true}, {"name": "v"}]}},
               {"name": "g", "cluster": "c", "path": "/a", "match": {"methods": ["GET"], "grpc": {"service": "s"}}},
               {"name": "h", "cluster": "c", "match": {"grpc": {"method": "a/b"}}}]}]}],
             "clusters": [{"name": "c"}]}"""))
            .containsExactly(
                "config.routes[0].virtual_hosts[0].routes[0]: path \"/a\" and path_prefix \"/b\" (expected: one of them)",
                "config.routes[0].virtual_hosts[0].routes[1].path_regex: route pathRegex: \"/(\" is none: missing closing ) (expected: RE2's syntax)",
                "config.routes[0].virtual_hosts[0].routes[2].path_prefix: route path: \"b\" (expected: begins with / and has no ? or #)",
                "config.routes[0].virtual_hosts[0].routes[3].match: match method: \"get\" (expected: a method in capitals, such as GET)",
                "config.routes[0].virtual_hosts[0].routes[4].match.headers[0]: expects nothing (expected: one of exact, prefix, suffix, contains, regex,"
                    + " present, absent)",
                "config.routes[0].virtual_hosts[0].routes[4].match.headers[1]: expects several things (expected: one of exact, prefix, suffix, contains,"
                    + " regex, present, absent)",
                "config.routes[0].virtual_hosts[0].routes[4].match.headers[2].invert: beside present or absent (expected: none, they are opposites)",
                "config.routes[0].virtual_hosts[0].routes[4].match.headers[3].name: match header: \":path\" (expected: a field name such as x-canary)",
                "config.routes[0].virtual_hosts[0].routes[4].match.headers[4]: regex: \"(\" is none: missing closing ) (expected: RE2's syntax)",
                "config.routes[0].virtual_hosts[0].routes[5].match.query_params[0].name: match queryParam: \"a&b\" (expected: a parameter's name as it"
                    + " stands in a query, such as version)",
                "config.routes[0].virtual_hosts[0].routes[5].match.query_params[1]: expects nothing (expected: one of exact, prefix, suffix, contains,"
                    + " regex, present)",
                "config.routes[0].virtual_hosts[0].routes[6].match.grpc: names a service or a method beside path \"/a\" (expected: one of them)",
                "config.routes[0].virtual_hosts[0].routes[6].match.grpc: beside methods (expected: none, a gRPC call is a POST)",
                "config.routes[0].virtual_hosts[0].routes[7].match.grpc: match grpc method: \"a/b\" (expected: a method's name, such as Pay)",
                "config.routes[0].order: \"best\" (expected: one of listed, specific)");
    }

    @Test
    void findsWhatIsWrongWithKeys() throws Exception {
        assertThat(problems("""
            {"listeners": [
               {"name": "http", "listen": ":1", "cluster": "c", "hash_by": "address"},
               {"name": "tcp", "listen": ":2", "protocol": "tcp", "cluster": "c", "hash_by": "header:x"}],
             "routes": [{"name": "t", "virtual_hosts": [{"name": "v", "hosts": ["*"], "routes": [
               {"name": "a", "cluster": "c", "hash_policy": [{}, {"by": "cookie:a", "path": "/"}, {"by": "address", "ttl": "1s"}]},
               {"name": "b", "cluster": "c", "hash_policy": [{"by": "cookie:a", "ttl": "0s"}, {"by": "cookie:b", "ttl": "1s"}]},
               {"name": "d", "reply": {"status": 204}, "hash_policy": [{"by": "address"}]}]}]}],
             "clusters": [
               {"name": "c", "balancer": "maglev", "hash": {"table_size": 65536}},
               {"name": "d", "hash": {}},
               {"name": "e", "balancer": "ring_hash", "hash": {"balance_factor": 4000000000}},
               {"name": "f", "balancer": "ring_hash", "hash": {"table_size": 251}}]}"""))
            .containsExactly(
                "config.listeners[0].hash_by: \"address\" (expected: none, a route has hash_policy)",
                "config.listeners[1].hash_by: \"header:x\" (expected: address or spiffe_id)",
                "config.routes[0].virtual_hosts[0].routes[0].hash_policy[0].by: \"\" (expected: header: or cookie: and a name, address, or spiffe_id)",
                "config.routes[0].virtual_hosts[0].routes[0].hash_policy[1]: cookie path: \"/\" without a ttl (expected: a ttl beside it, or neither)",
                "config.routes[0].virtual_hosts[0].routes[0].hash_policy[2]: ttl or path beside \"address\" (expected: only with a cookie)",
                "config.routes[0].virtual_hosts[0].routes[1]: route \"b\" hashPolicy: two cookies with a ttl (expected: one at most)",
                "config.routes[0].virtual_hosts[0].routes[2].reply: beside timeout, idle_timeout, max_stream_duration, grpc_timeout_max, retry,"
                    + " hedge, host_rewrite, rewrite, request_headers, mirrors or hash_policy (expected: none of them, nothing is sent upstream)",
                "config.clusters[0].hash: hash table size: 65536, which 2 divides (expected: a prime)",
                "config.clusters[1].hash: beside balancer round_robin (expected: balancer ring_hash or maglev)",
                "config.clusters[2].hash: hash balance factor: -294967296 (expected: 100 to 10000)",
                "config.clusters[3]: cluster \"f\": a table size beside balancer ring_hash (expected: balancer maglev)");
    }

    @Test
    void findsWhatIsWrongWithFilters() throws Exception {
        assertThat(problems("""
            {"routes": [{"name": "t", "virtual_hosts": [
               {"name": "v", "hosts": ["*"], "request_headers": {"add": [{"name": "host", "value": "x"}]}, "routes": [
                 {"name": "a", "cluster": "c", "rewrite": {"path": "/a", "prefix": "/b"}},
                 {"name": "b", "cluster": "c", "rewrite": {"regex": "(", "substitution": ""}},
                 {"name": "c", "redirect": {"status": 304, "host": "h"}, "request_headers": {}},
                 {"name": "d", "redirect": {}},
                 {"name": "e", "cluster": "c", "response_headers": {"remove": ["a", "A"], "add": [{"name": "x", "value": "a\\r\\nb"},
                   {"name": "x", "value": "y", "action": "put"}]}},
                 {"name": "f", "cluster": "c", "fault": {"delay": {"fixed": "1s", "by_header": true, "percent": 101}, "abort": {"status": 503}}},
                 {"name": "g", "cluster": "c", "fault": {}, "cors": {"allow_origins": ["*", "shop.example"]}},
                 {"name": "h", "cluster": "c", "cors": {"allow_origins": ["*"], "allow_credentials": true}},
                 {"name": "i", "cluster": "c", "mirrors": [{"cluster": "c", "percent": 0}, {"cluster": "d"}, {"cluster": "d"}]}]}]}],
             "clusters": [{"name": "c"}]}"""))
            .containsExactly(
                "config.routes[0].virtual_hosts[0].routes[0].rewrite: path and prefix (expected: one of path, prefix, regex; substitution only beside regex)",
                "config.routes[0].virtual_hosts[0].routes[1].rewrite: rewrite regex: \"(\" is none: missing closing ) (expected: RE2's syntax)",
                "config.routes[0].virtual_hosts[0].routes[2].redirect: beside timeout, idle_timeout, max_stream_duration, grpc_timeout_max, retry,"
                    + " hedge, host_rewrite, rewrite, request_headers, mirrors or hash_policy (expected: none of them, nothing is sent upstream)",
                "config.routes[0].virtual_hosts[0].routes[2].redirect: redirect status: 304 (expected: 301, 302, 303, 307 or 308)",
                "config.routes[0].virtual_hosts[0].routes[3].redirect: redirect: goes where the request came from (expected: a scheme, host, port or path)",
                "config.routes[0].virtual_hosts[0].routes[4].response_headers.add[0]: value of header \"x\": \"a??b\" (expected: 1 to 4096 characters of"
                    + " visible ASCII, blanks only between them)",
                "config.routes[0].virtual_hosts[0].routes[4].response_headers.add[1]: \"put\" (expected: one of append, add-if-absent, set, set-if-present)",
                "config.routes[0].virtual_hosts[0].routes[4].response_headers.remove: headers removed: [a, a] (expected: each once)",
                "config.routes[0].virtual_hosts[0].routes[5].fault.delay.percent: percent: 101.0 (expected: 0 to 100)",
                "config.routes[0].virtual_hosts[0].routes[5].fault.delay: fixed and by_header (expected: one of fixed, by_header)",
                "config.routes[0].virtual_hosts[0].routes[5].fault.abort.percent: missing (expected: a share of the requests, from 0 to 100)",
                "config.routes[0].virtual_hosts[0].routes[6].cors.allow_origins[1]: cors origin: \"shop.example\" (expected: *, scheme://host[:port] such as"
                    + " https://shop.example, prefix: or regex:)",
                "config.routes[0].virtual_hosts[0].routes[6].fault: fault: neither a delay nor an abort (expected: one of them, or both)",
                "config.routes[0].virtual_hosts[0].routes[7].cors: cors allowOrigins: \"*\" beside allowCredentials (expected: origins by name, or every page"
                    + " could act for its visitor)",
                "config.routes[0].virtual_hosts[0].routes[8].mirrors[0]: mirror percent of \"c\": 0 (expected: above 0; without a mirror nothing is"
                    + " mirrored)",
                "config.routes[0].virtual_hosts[0].routes[8].mirrors[2].cluster: \"d\" stands in"
                    + " config.routes[0].virtual_hosts[0].routes[8].mirrors[1] already (expected: once)",
                "config.routes[0].virtual_hosts[0].request_headers.add[0]: header \"host\" (expected: none that frames or addresses a message;"
                    + " hostRewrite changes the Host)");
    }

    @Test
    void tellsReferencesToNothingByTheirPlaceInTheRequest() throws Exception {
        assertThat(problems("""
            {"listeners": [{"name": "a", "listen": ":1", "cluster": "paymnts"},
                           {"name": "b.c", "listen": ":2", "route": "none"},
                           {"name": "d", "listen": ":2", "protocol": "tcp", "cluster": "payments"}],
             "routes": [{"name": "t", "virtual_hosts": [{"name": "v", "hosts": ["*"], "routes": [
               {"name": "r", "cluster": "payments"}, {"name": "s", "cluster": "gone"}]}]}],
             "clusters": [{"name": "payments"}]}"""))
            .containsExactlyInAnyOrder(
                "config.listeners[0].cluster: listener \"a\" names cluster \"paymnts\", which is not among clusters [payments]",
                "config.listeners[1].route: listener \"b.c\" names route table \"none\", which is not among route tables [t]",
                "config.routes[0].virtual_hosts[0].routes[1].cluster: route \"s\" names cluster \"gone\", which is not among clusters [payments]",
                "config.listeners[2].listen: listener \"d\" and listener \"b.c\" both listen on :2 (expected: different addresses)");
    }

    private static List<String> problems(String json) throws Exception {
        Problems problems = new Problems();
        ConfigMessages.decode(config(json), "config", problems);
        return problems.list().stream().map(Problem::toString).toList();
    }

    private static MeshSnapshot decode(mesh.v1.Config config) {
        Problems problems = new Problems();
        MeshSnapshot snapshot = ConfigMessages.decode(config, "config", problems);
        assertThat(problems.list()).isEmpty();
        return snapshot;
    }

    private static mesh.v1.Config config(String json) throws Exception {
        mesh.v1.Config.Builder config = mesh.v1.Config.newBuilder();
        JsonFormat.parser().merge(json, config);
        return config.build();
    }
}
