package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.HashPolicy;
import mesh.model.HashPolicy.Cookie;
import mesh.model.HashPolicy.Header;
import mesh.model.HashPolicy.PeerIdentity;
import mesh.model.HashPolicy.SourceAddress;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.pki.TestPki;
import mesh.proxy.balancer.XxHash64;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys of real requests through a real sidecar to real upstreams. */
class KeySidecarTest {

    private static final Pattern GIVEN = Pattern.compile("\r\nset-cookie: session=\"([0-9a-f]{16})\"(.*)\r\n", Pattern.CASE_INSENSITIVE);

    private final Sidecar sidecar = new Sidecar(Env.system(), 2);
    private final List<TestUpstream> upstreams = new ArrayList<>();

    @AfterEach
    void close() {
        sidecar.close();
        upstreams.forEach(TestUpstream::close);
    }

    @ParameterizedTest
    @EnumSource(names = {"RING_HASH", "MAGLEV"})
    void aHeadersValueAlwaysGoesToTheSameEndpointOverLoopsAndPushes(BalancerKind kind) throws Exception {
        apply(snapshots(kind).hash(new HashPolicy(new Header("x-user"))));
        Set<String> answered = new HashSet<>();
        for (int user = 0; user < 24; user++) {
            String owner = owner("user-" + user);
            answered.add(owner);
            for (int i = 0; i < 4; i++) assertThat(get("x-user: user-" + user)).endsWith(owner);
        }
        assertThat(answered).as("several endpoints").hasSizeGreaterThan(1);

        apply(over(Snapshots.http().version(2).balancer(kind).hash(new HashPolicy(new Header("x-user")))));
        for (int user = 0; user < 24; user++) assertThat(get("x-user: user-" + user)).endsWith(owner("user-" + user));
    }

    @Test
    void aClientWithoutACookieIsGivenOneThatLeadsToTheSameEndpoint() throws Exception {
        apply(snapshots(BalancerKind.RING_HASH).hash(new HashPolicy(new Cookie("session", Optional.of(Duration.ofHours(1)), "/shop"))));
        Set<String> values = new HashSet<>();
        for (int i = 0; i < 8; i++) {
            String answer = get("");
            Matcher given = GIVEN.matcher(answer);
            assertThat(given.find()).as(answer).isTrue();
            assertThat(given.group(2)).isEqualTo("; Max-Age=3600; Path=/shop; HttpOnly");
            assertThat(answer).endsWith(owner(given.group(1)));
            for (String sent : List.of(given.group(1), '"' + given.group(1) + '"')) {
                assertThat(get("cookie: a=b; session=" + sent)).endsWith(owner(given.group(1))).doesNotContainIgnoringCase("set-cookie");
            }
            values.add(given.group(1));
        }
        assertThat(values).as("one for each connection").hasSize(8);
    }

    @Test
    void nobodyIsGivenACookieThatNoBalancerWouldGoBy() throws Exception {
        apply(snapshots(BalancerKind.LEAST_CONN).hash(new HashPolicy(new Cookie("session", Optional.of(Duration.ZERO), ""))));
        assertThat(get("")).doesNotContainIgnoringCase("set-cookie");
        apply(over(Snapshots.http().version(2).balancer(BalancerKind.MAGLEV)
            .hash(new HashPolicy(new Cookie("session", Optional.of(Duration.ZERO), "")))));
        assertThat(get("")).containsPattern("(?i)set-cookie: session=\"[0-9a-f]{16}\"; HttpOnly\r\n");
    }

    @Test
    void anAddressIsAKey() throws Exception {
        apply(snapshots(BalancerKind.MAGLEV).hash(new HashPolicy(new SourceAddress())));
        Set<String> answered = new HashSet<>();
        for (int host = 1; host <= 12; host++) {
            String from = "127.0.0." + host;
            answered.add(owner(from));
            for (int i = 0; i < 3; i++) assertThat(get("", from)).endsWith(owner(from));
        }
        assertThat(answered).hasSizeGreaterThan(1);
    }

    @Test
    void requestsWithoutAKeyAreSpread() throws Exception {
        apply(snapshots(BalancerKind.RING_HASH).hash(new HashPolicy(new Header("x-user"))));
        for (int i = 0; i < 200; i++) get("");
        assertThat(upstreams).allSatisfy(each -> assertThat(each.requests()).isPositive());
    }

    @Test
    void aRetryGoesToAnotherEndpointAndTheKeyStays() throws Exception {
        apply(snapshots(BalancerKind.RING_HASH).hash(new HashPolicy(new Header("x-user"))).retry(new RetryPolicy(2, Duration.ZERO,
            Set.of(RetryOn.FIVE_XX), Duration.ZERO, Duration.ZERO)));
        String owner = owner("ann");
        TestUpstream failing = upstreams.stream().filter(each -> name(each).equals(owner)).findFirst().orElseThrow();
        failing.behave(exchange -> TestUpstream.text(exchange, 500, "no"));
        String other = get("x-user: ann");
        assertThat(other).startsWith("HTTP/1.1 200").doesNotEndWith(owner);
        for (int i = 0; i < 5; i++) assertThat(get("x-user: ann")).isEqualTo(other);
        assertThat(failing.requests()).isEqualTo(6);
        failing.behave(exchange -> answer(exchange, owner));
        assertThat(get("x-user: ann")).endsWith(owner);
    }

    @Test
    void oneKeyDoesNotHoldMoreThanItsShareWhereTheLoadIsBounded() throws Exception {
        apply(snapshots(BalancerKind.MAGLEV).hash(new HashPolicy(new Header("x-user"))).spread(ConsistentHash.DEFAULT.withBalanceFactor(100)));
        // Nobody answers before all are there.
        CountDownLatch there = new CountDownLatch(8);
        upstreams.forEach(each -> each.behave(exchange -> {
            there.countDown();
            try {
                there.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answer(exchange, "held");
        }));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int before = upstreams.stream().mapToInt(TestUpstream::requests).sum();
            clients.add(new RawClient(web()).send("GET / HTTP/1.1\r\nhost: a\r\nx-user: ann\r\nconnection: close\r\n\r\n"));
            // One after the other, so that each sees those before it.
            await().atMost(Duration.ofSeconds(30)).until(() -> upstreams.stream().mapToInt(TestUpstream::requests).sum() > before);
        }
        for (RawClient each : clients) {
            assertThat(each.readAll()).startsWith("HTTP/1.1 200");
            each.close();
        }
        assertThat(upstreams).extracting(TestUpstream::requests).containsOnly(2);
    }

    @Test
    void aPeersIdentityIsAKeyOfRequestsAndOfTcp() throws Exception {
        TestPki pki = TestPki.create(Env.system().clock());
        sidecar.rotate(pki.svid("payments"), pki.bundle());
        apply(snapshots(BalancerKind.RING_HASH).hash(new HashPolicy(new PeerIdentity())).trust(pki.bundle())
            .downstreamTls(new DownstreamTls(Set.of())));
        List<Sidecar> peers = new ArrayList<>();
        try {
            Set<String> answered = new HashSet<>();
            for (String name : List.of("a", "b", "c", "d", "e", "f")) {
                Sidecar peer = new Sidecar(Env.system(), 1);
                peers.add(peer);
                peer.rotate(pki.svid(name), pki.bundle());
                assertThat(peer.apply(Snapshots.http().trust(pki.bundle()).to(new Endpoint(web(), 1, Optional.of(pki.id("payments")))).build()))
                    .isInstanceOf(ApplyResult.Applied.class);
                String owner = owner("spiffe://mesh.local/" + name);
                answered.add(owner);
                for (int i = 0; i < 3; i++) assertThat(get("", null, peer.bound().get("web"))).endsWith(owner);
            }
            assertThat(answered).hasSizeGreaterThan(1);
        } finally {
            peers.forEach(Sidecar::close);
        }
    }

    @Test
    void aConnectionOfTcpGoesByItsAddress() throws Exception {
        List<ServerSocket> servers = new ArrayList<>();
        try {
            Snapshots snapshots = Snapshots.tcp().balancer(BalancerKind.RING_HASH).hashBy(new SourceAddress());
            for (int i = 0; i < 4; i++) {
                ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                servers.add(server);
                snapshots.to(new Address("127.0.0.1", server.getLocalPort()), 1);
                Thread thread = new Thread(() -> greet(server));
                thread.setDaemon(true);
                thread.start();
            }
            apply(snapshots);
            for (int host = 1; host <= 8; host++) {
                String from = "127.0.0." + host;
                for (int i = 0; i < 3; i++) {
                    try (RawClient client = client(from, web())) {
                        assertThat(client.readAll()).isEqualTo(owner(from));
                    }
                }
            }
        } finally {
            for (ServerSocket each : servers) each.close();
        }
    }

    private static void greet(ServerSocket server) {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                socket.getOutputStream().write(("127.0.0.1:" + server.getLocalPort()).getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                return;
            }
        }
    }

    private Snapshots snapshots(BalancerKind kind) {
        for (int i = 0; i < 4; i++) {
            TestUpstream upstream = new TestUpstream("");
            upstreams.add(upstream);
            upstream.behave(exchange -> answer(exchange, name(upstream)));
        }
        return over(Snapshots.http().balancer(kind));
    }

    private Snapshots over(Snapshots snapshots) {
        upstreams.forEach(each -> snapshots.to(each.address(), 1));
        return snapshots;
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        TestUpstream.text(exchange, 200, text);
    }

    private static String name(TestUpstream upstream) {
        return upstream.address().toString();
    }

    /** Whose that key is, by the tables of the sidecar. */
    private String owner(String key) {
        return sidecar.tables().clusters().get("payments").balancer().pick(List.of(), XxHash64.of(key)).name();
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private Address web() {
        return sidecar.bound().get("web");
    }

    /** On a connection of its own, which comes to one of the loops in turn. */
    private String get(String field) throws IOException {
        return get(field, null);
    }

    private String get(String field, String from) throws IOException {
        return get(field, from, web());
    }

    private static String get(String field, String from, Address to) throws IOException {
        try (RawClient client = client(from, to)) {
            return client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n" + (field.isEmpty() ? "" : field + "\r\n") + "\r\n").readAll();
        }
    }

    private static RawClient client(String from, Address to) throws IOException {
        return from == null ? new RawClient(to) : new RawClient(new Socket(to.host(), to.port(), InetAddress.getByName(from), 0));
    }
}
