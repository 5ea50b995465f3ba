package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two workloads that know nothing of the mesh, each in a network of its own beside a sidecar that runs as another user, and a wire
 * between them. Port 8081 is excluded from interception on both sides, ports 8082, 5432 and 7777 where they come in.
 */
class InterceptionIT {

    private static final String PROXY_UID = "1337";
    private static final AtomicInteger MARKS = new AtomicInteger();
    private static final List<AutoCloseable> CLOSING = new ArrayList<>();
    private static final String[] RULES = {"intercept", "install", "--proxy-uid", PROXY_UID, "--exclude-outbound-ports", "8081",
        "--exclude-inbound-ports", "8081,8082,5432,7777,15021"};

    @TempDir
    private static Path dir;
    private static NetworkNamespace web;
    private static NetworkNamespace payments;
    /** One that reaches only what its configuration knows. */
    private static NetworkNamespace alone;
    private static MeshProcess wire;

    @BeforeAll
    static void connect() throws Exception {
        Path tcpdump = Judge.find("tcpdump", "the package tcpdump").program();
        Judge.find("iptables", "the package iptables");
        Judge.find("setpriv", "the package util-linux");
        Judge.find("curl", "the package curl");
        web = closing(new NetworkNamespace());
        payments = closing(new NetworkNamespace());
        alone = closing(new NetworkNamespace());
        web.run("ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", Long.toString(payments.pid()));
        address(web, 1);
        address(payments, 2);
        // A road to its neighbours, none of whom is there.
        alone.run("ip", "link", "add", "wire", "type", "veth", "peer", "name", "end");
        alone.run("ip", "addr", "add", "10.88.0.1/24", "dev", "wire");
        for (String link : List.of("wire", "end")) alone.run("ip", "link", "set", link, "up");
        try (MeshProcess keygen = MeshProcess.dataPlane("keygen", "--out", dir.toString(), "--id", "spiffe://mesh.local/web", "--id",
            "spiffe://mesh.local/payments")) {
            assertThat(keygen.exitCode()).as(keygen.log()).isZero();
        }
        List<MeshProcess> starting = List.of(workload(web, "web"), workload(payments, "payments"), workload(alone, "alone"),
            sidecar(web, "web", "payments", 2), sidecar(payments, "payments", "web", 1), sidecar(alone, "alone", """
                listeners:
                  - {name: outbound, listen: ":15001", protocol: tcp, useOriginalDst: true, cluster: nowhere}
                  - {name: known, listen: "10.88.0.8:80", bindToPort: false, cluster: app}
                  - {name: silent, listen: "10.88.0.9:80", bindToPort: false, protocol: tcp, cluster: passthrough}
                  - {name: silent-http, listen: "10.88.0.10:80", bindToPort: false, cluster: passthrough}
                  - {name: registry, listen: "10.88.0.11:80", bindToPort: false, protocol: auto, route: known, cluster: nowhere}
                routes:
                  - {name: known, virtualHosts: [{name: known, hosts: [known.mesh], routes: [{name: all, cluster: app}]}]}
                clusters:
                  - {name: nowhere}
                  - {name: passthrough, type: original_dst}
                  - {name: app, endpoints: [{address: "127.0.0.1:8080"}]}
                """));
        wire = closing(MeshProcess.start("tcpdump", payments.inside(List.of(tcpdump.toString(), "-l", "-n", "-A", "-Z", "root", "-i", "wire", "tcp"))));
        wire.awaitLine(Pattern.compile("listening on wire"));
        for (MeshProcess each : starting) each.awaitLine(Pattern.compile("^ready|listener outbound on"));
        mesh(web, RULES);
        mesh(payments, RULES);
        mesh(alone, RULES);
    }

    @AfterAll
    static void leave() throws Exception {
        for (int i = CLOSING.size() - 1; i >= 0; i--) CLOSING.get(i).close();
    }

    private static <T extends AutoCloseable> T closing(T it) {
        CLOSING.add(it);
        return it;
    }

    private static void address(NetworkNamespace network, int last) {
        network.run("ip", "addr", "add", "10.77.0." + last + "/24", "dev", "wire");
        network.run("ip", "-6", "addr", "add", "fd77::" + last + "/64", "dev", "wire", "nodad");
        network.run("ip", "link", "set", "wire", "up");
        // A table of somebody else's, for ours to be put beside.
        network.run("iptables", "-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.0/24", "-j", "ACCEPT");
        network.run("ip6tables", "-t", "nat", "-A", "POSTROUTING", "-s", "2001:db8::/32", "-j", "ACCEPT");
    }

    private static MeshProcess workload(NetworkNamespace network, String name) {
        return closing(MeshProcess.start(name, network.inside(List.of(java(), "-cp", System.getProperty("java.class.path"), "-XX:+UseSerialGC", "-Xmx32m",
            PlainWorkload.class.getName(), name, "8080", "8081", "8082"))));
    }

    private static MeshProcess sidecar(NetworkNamespace network, String name, String peer, int peersLast) throws IOException {
        return sidecar(network, name, """
            listeners:
              - {name: outbound, listen: ":15001", protocol: auto, useOriginalDst: true, route: mesh, cluster: passthrough}
              - {name: peer, listen: ":8080", bindToPort: false, cluster: peer}
              - {name: peer-v6, listen: "[fd77::LAST]:8080", bindToPort: false, cluster: peer-v6}
              - {name: database, listen: "10.77.0.LAST:3306", bindToPort: false, protocol: tcp, cluster: database}
              - {name: database-v6, listen: "[fd77::LAST]:3306", bindToPort: false, protocol: tcp, cluster: database-v6}
              - {name: inbound, listen: ":15006", protocol: tcp, useOriginalDst: true, cluster: passthrough, tls: {}}
              - {name: own, listen: "10.77.0.OWN:8080", bindToPort: false, cluster: app, tls: {allow: ["spiffe://mesh.local/PEER"]}}
              - {name: own-v6, listen: "[fd77::OWN]:8080", bindToPort: false, cluster: passthrough, tls: {allow: ["spiffe://mesh.local/PEER"]}}
            routes:
              - name: mesh
                virtualHosts:
                  - {name: peer, hosts: [peer.mesh], routes: [{name: all, cluster: peer}]}
                  - {name: others, hosts: ["*"], routes: [{name: all, cluster: passthrough}]}
            clusters:
              - {name: passthrough, type: original_dst}
              - {name: peer, endpoints: [{address: "10.77.0.LAST:8080", spiffeId: "spiffe://mesh.local/PEER"}]}
              - {name: peer-v6, endpoints: [{address: "[fd77::LAST]:8080", spiffeId: "spiffe://mesh.local/PEER"}]}
              - {name: database, endpoints: [{address: "10.77.0.LAST:3306", spiffeId: "spiffe://mesh.local/PEER"}]}
              - {name: database-v6, endpoints: [{address: "[fd77::LAST]:3306", spiffeId: "spiffe://mesh.local/PEER"}]}
              - {name: app, endpoints: [{address: "127.0.0.1:8080"}]}
            identity: {cert: NAME.crt, key: NAME.key, ca: ca.crt}
            """.replace("LAST", Integer.toString(peersLast)).replace("OWN", Integer.toString(3 - peersLast)).replace("PEER", peer).replace("NAME", name));
    }

    private static MeshProcess sidecar(NetworkNamespace network, String name, String yaml) throws IOException {
        Path config = Files.writeString(dir.resolve(name + ".yaml"), yaml);
        // It may read what the test's user may read, wherever the project lies, and nothing else.
        return closing(MeshProcess.start(name + "-sidecar", network.inside(List.of("setpriv", "--reuid", PROXY_UID, "--regid", PROXY_UID, "--clear-groups",
            "--inh-caps", "-all,+dac_read_search", "--ambient-caps", "+dac_read_search", "--bounding-set", "-all,+dac_read_search",
            java(), "-XX:+UseSerialGC", "-Xmx160m", "-XX:MaxDirectMemorySize=64m", "-Dmesh.parent=" + ProcessHandle.current().pid(), "-jar", jar(),
            "proxy", "start", "--config", config.toString(), "--concurrency", "1"))));
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String jar() {
        return MeshProcess.ROOT.resolve("data-plane/target/quarkus-app/quarkus-run.jar").toString();
    }

    private static String mesh(NetworkNamespace network, String... words) {
        List<String> command = new ArrayList<>(List.of(java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", jar()));
        command.addAll(List.of(words));
        return network.run(command.toArray(String[]::new));
    }

    private static String get(NetworkNamespace from, String address) {
        return get(from, address, "");
    }

    private static String get(NetworkNamespace from, String address, String path) {
        return from.run("curl", "-sS", "--max-time", "10", "http://" + address + "/" + path);
    }

    /** By what is seen on the wire in plain words, and only now: then everything before would have been seen. */
    private static void markTheWire(String payments) {
        String mark = "mark-" + MARKS.incrementAndGet();
        assertThat(get(web, payments + ":8081", mark)).isEqualTo("payments tells nobody but you, on 8081\n");
        wire.awaitLine(Pattern.compile("GET /" + mark + " "));
    }

    /** Of the sidecar's connections at {@code outbound}. */
    private static int intercepted(NetworkNamespace network, String outcome) {
        return metric("mesh_intercepted_connections_total\\{listener=\"outbound\",outcome=\"" + outcome + "\",?} ([0-9]+)", network);
    }

    /** The number that the expression's group has; 0 where there is none. */
    private static int metric(String line, NetworkNamespace network) {
        var found = Pattern.compile(line).matcher(network.run("curl", "-sS", "--max-time", "10", "http://127.0.0.1:9090/metrics"));
        return found.find() ? Integer.parseInt(found.group(1)) : 0;
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.77.0.", "fd77::"})
    void whatTheyAskOneAnotherIsEncryptedOnTheWire(String prefix) {
        String toPayments = prefix.contains(":") ? "[" + prefix + "2]" : prefix + "2";
        String toWeb = prefix.contains(":") ? "[" + prefix + "1]" : prefix + "1";
        assertThat(get(web, toPayments + ":8080")).isEqualTo("payments tells nobody but you, on 8080\n");
        assertThat(get(payments, toWeb + ":8080")).isEqualTo("web tells nobody but you, on 8080\n");
        markTheWire(toPayments);
        assertThat(wire.log()).contains(prefix + "2.8080").doesNotContain("nobody but you, on 8080");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.77.0.2", "fd77::2"})
    void aServerThatSpeaksFirstIsHeardAtOnceAndByNobodyElse(String address) {
        String talk = web.run("bash", "-c",
            "exec 3<>/dev/tcp/" + address + "/3306 && read -r -t 5 first <&3 && echo hello >&3 && read -r -t 5 second <&3 && echo \"$first; $second\"");
        assertThat(talk).isEqualTo("payments greets first; payments heard hello\n");
        markTheWire("10.77.0.2");
        assertThat(wire.log()).doesNotContain("payments greets first", "payments heard hello");
    }

    @ParameterizedTest
    @CsvSource({"10.77.0.2, 5432, server_first", "10.77.0.2, 7777, timeout", "fd77::2, 5432, server_first", "fd77::2, 7777, timeout"})
    void aServerThatSpeaksFirstIsHeardWhereTheProtocolIsLookedFor(String address, int port, String how) {
        int before = detected(how);
        String talk = web.run("bash", "-c", "exec 3<>/dev/tcp/" + address + "/" + port
            + " && read -r -t 5 first <&3 && echo hello >&3 && read -r -t 5 second <&3 && echo \"$first; $second\"");
        assertThat(talk).isEqualTo("payments-PORT greets first; payments-PORT heard hello\n".replace("PORT", Integer.toString(port)));
        assertThat(detected(how)).isEqualTo(before + 1);
    }

    /** Wherever it was to go: a name that the mesh knows is served by the mesh, and others by whom they were meant for. */
    @ParameterizedTest
    @ValueSource(strings = {"10.77.0.2", "[fd77::2]"})
    void aRequestToAPortOfNobodysGoesByItsHost(String address) {
        int before = detected("http_1");
        assertThat(web.run("curl", "-sS", "--max-time", "10", "-H", "Host: peer.mesh", "http://" + address + ":8082/"))
            .isEqualTo("payments tells nobody but you, on 8080\n");
        assertThat(web.run("curl", "-sS", "--max-time", "10", "-H", "Host: elsewhere.example", "http://" + address + ":8082/"))
            .isEqualTo("payments tells nobody but you, on 8082\n");
        assertThat(detected("http_1")).isEqualTo(before + 2);
    }

    private static int detected(String protocol) {
        return metric("mesh_detected_protocols_total\\{listener=\"outbound\",protocol=\"" + protocol + "\",?} ([0-9]+)", web);
    }

    @Test
    void aRequestForAHostThatTheMeshDoesNotKnowIsRefusedWhereItMayOnlyReachThose() {
        assertThat(alone.run("curl", "-sS", "--max-time", "10", "-H", "Host: known.mesh", "http://10.88.0.11/")).contains("alone tells nobody but you");
        assertThat(status(alone, "10.88.0.11")).isEqualTo("404");
    }

    private static String status(NetworkNamespace from, String address) {
        return from.run("curl", "-sS", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", "http://" + address + "/");
    }

    @Test
    void whatNoListenerIsForPassesThroughAndTheExemptUserGoesAround() {
        int before = intercepted(web, "unmatched");
        assertThat(get(web, "10.77.0.2:8082")).isEqualTo("payments tells nobody but you, on 8082\n");
        assertThat(intercepted(web, "unmatched")).isEqualTo(before + 1);
        web.run("setpriv", "--reuid", PROXY_UID, "--clear-groups", "curl", "-sS", "--max-time", "10", "http://10.77.0.2:8082/");
        get(web, "10.77.0.2:8081");
        assertThat(intercepted(web, "unmatched")).isEqualTo(before + 1);
    }

    @ParameterizedTest
    @CsvSource({"10.77.0.1:15001", "'[fd77::1]:15001'", "127.0.0.1:15001"})
    void whoCallsTheSidecarItselfGetsNowhere(String address) {
        int before = intercepted(web, "direct");
        Judge.Verdict curl = Judge.find("nsenter", "util-linux").ask("", "-t", Long.toString(web.pid()), "-n", "--", "curl", "-sS", "--fail", "--max-time", "10",
            "http://" + address + "/");
        assertThat(curl.exit()).as(curl.text()).isNotZero();
        assertThat(intercepted(web, "direct")).isEqualTo(before + 1);
    }

    @Test
    void whoMayReachOnlyWhatIsKnownReachesNothingElse() {
        int before = intercepted(alone, "unmatched");
        assertThat(get(alone, "10.88.0.8:80")).as("known").isEqualTo("alone tells nobody but you, on 8080\n");
        assertThat(isRefused(alone, "10.88.0.7:80")).as("unknown").isTrue();
        assertThat(intercepted(alone, "unmatched")).isEqualTo(before + 1);
    }

    /** Rules that exempt somebody else: what the sidecar opens comes back to it, and that is the end of it. */
    @Test
    void aSidecarThatIsNotExemptDoesNotCallItselfForEver() {
        mesh(alone, "intercept", "install", "--proxy-uid", "4242");
        int before = intercepted(alone, "handed_over");
        assertThat(isRefused(alone, "10.88.0.9:80")).isTrue();
        assertThat(intercepted(alone, "loop")).isPositive();
        // The client's and its own, and one or two more where it accepts its own before it knows that it has opened it.
        assertThat(intercepted(alone, "handed_over") - before).isBetween(2, 6);
        assertThat(status(alone, "10.88.0.10")).as("of a request").isEqualTo("503");
        assertThat(intercepted(alone, "handed_over") - before).isBetween(4, 12);
        mesh(alone, RULES);
    }

    private static boolean isRefused(NetworkNamespace from, String address) {
        Judge.Verdict curl = Judge.find("nsenter", "util-linux")
            .ask("", "-t", Long.toString(from.pid()), "-n", "--", "curl", "-sS", "--max-time", "10", "http://" + address + "/");
        // 28 would be silence until the end of its patience.
        return curl.exit() != 0 && curl.exit() != 28;
    }

    @Test
    void aPlaintextCallFromOutsideIsRefused() {
        Judge.Verdict curl = Judge.find("nsenter", "util-linux").ask("", "-t", Long.toString(web.pid()), "-n", "--", "setpriv", "--reuid", PROXY_UID,
            "--clear-groups", "curl", "-sS", "--max-time", "10", "http://10.77.0.2:8080/");
        assertThat(curl.exit()).as(curl.text()).isNotZero();
    }

    @Test
    void removedRulesLeaveTheTablesAsTheyWere() {
        String[] save = {"sh", "-c", "(iptables-save -t nat; ip6tables-save -t nat) | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'"};
        String installed = web.run(save);
        assertThat(mesh(web, "intercept", "remove")).contains("iptables", "rules removed");
        String removed = web.run(save);
        assertThat(removed).doesNotContain("MESH_").contains("-s 192.0.2.0/24", "-s 2001:db8::/32");
        int before = intercepted(web, "handed_over");
        assertThat(get(web, "10.77.0.2:8082")).isEqualTo("payments tells nobody but you, on 8082\n");
        assertThat(intercepted(web, "handed_over")).isEqualTo(before);
        assertThat(mesh(web, RULES)).contains("rules installed");
        assertThat(web.run(save)).isEqualTo(installed);
    }
}
