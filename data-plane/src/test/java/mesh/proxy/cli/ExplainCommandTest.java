package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import mesh.model.Address;
import mesh.proxy.Sidecar;
import mesh.proxy.Snapshots;
import mesh.proxy.admin.AdminServer;
import mesh.time.Env;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplainCommandTest {

    private static final Path MATCHING = Path.of("..", "deploy", "examples", "matching.yaml");
    private static final String EXAMPLE = "    $ mesh explain --config deploy/examples/matching.yaml -H 'x-canary: true' 'shop.example/cart/7?version=2'";
    private static final Address ANY_PORT = new Address("127.0.0.1", 0);

    @TempDir
    private Path directory;

    @Test
    void tellsWhatTheReadmeSaysItTells() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("README.md"));
        String expected = lines.stream().skip(lines.indexOf(EXAMPLE) + 1).takeWhile(line -> line.isEmpty() || line.startsWith("    "))
            .map(line -> line.isEmpty() ? line : line.substring(4)).collect(Collectors.joining("\n"));

        CommandRun run = CommandRun.of("explain", "--config", MATCHING, "-H", "x-canary: true", "shop.example/cart/7?version=2");
        assertThat(run.out().replace(MATCHING.toString(), "deploy/examples/matching.yaml")).isEqualTo(expected);
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void tellsScriptsTheSameInJson() throws IOException {
        Path file = write("""
            listeners: [{name: web, listen: "127.0.0.1:8080", route: web}]
            routes:
              - name: web
                virtualHosts:
                  - name: shop
                    hosts: ["*.example"]
                    routes:
                      - {name: health, path: /healthz, cluster: shop}
                      - {name: old, prefix: /old, redirect: {path: /new, status: 308}}
            clusters: [{name: shop}]
            """);
        CommandRun run = CommandRun.of("explain", "--config", file, "-o", "json", "-X", "PUT", "http://shop.example:8080/x/../old?a=b");
        assertThat(run.out().replace(file.toString(), "mesh.yaml")).isEqualTo("""
            {
              "request" : "PUT shop.example:8080/old?a=b",
              "outcome" : {
                "kind" : "redirect",
                "status" : 308,
                "flag" : null,
                "location" : "http://shop.example:8080/new?a=b",
                "sentence" : "redirected with 308 to http://shop.example:8080/new?a=b"
              },
              "listener" : {
                "name" : "web",
                "address" : "127.0.0.1:8080",
                "protocol" : "http",
                "clients" : "plaintext"
              },
              "virtualHost" : {
                "name" : "shop",
                "matchedBy" : "*.example"
              },
              "passedBy" : [ {
                "name" : "health",
                "at" : "mesh.yaml:8:13",
                "subject" : "path",
                "found" : "\\"/old\\"",
                "expected" : "exact \\"/healthz\\""
              } ],
              "route" : {
                "name" : "old",
                "table" : "web",
                "at" : "mesh.yaml:9:13",
                "match" : "prefix \\"/old\\"",
                "settings" : [ ]
              },
              "clusters" : [ ],
              "configuration" : "mesh.yaml"
            }
            """);
        assertThat(run.exitCode()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "shop.example/healthz, 0, answered here with 204",
        "nobody.test/, 1, refused with 404 NR: no virtual host is for \"nobody.test\"",
        "shop.example/nothing, 1, refused with 404 NR: no route of virtual host shop takes it",
        "shop.example/down, 1, refused with 503 UH: no endpoint of cluster down may get it now",
        "shop.example/panic, 0, goes to cluster panic",
        "shop.example/always, 1, refused with 418 FI: aborted by an injected fault",
        "shop.example/half, 0, goes to cluster up",
        "shop.example/rewritten../x, 1, refused with 400 DPE: route rewritten makes no path of this one",
        "shop.example/small, 1, refused with 413 DPE: its body is longer than 4 bytes",
        "shop.example/either, 0, goes by chance to cluster up (75 %) or down (25 %)",
    })
    void itsExitCodeSaysWhetherTheRequestIsServed(String url, int code, String outcome) throws IOException {
        Path file = write("""
            listeners: [{name: web, listen: ":8080", route: web}]
            routes:
              - name: web
                virtualHosts:
                  - name: shop
                    hosts: [shop.example]
                    routes:
                      - {name: health, path: /healthz, reply: {status: 204}}
                      - {name: down, path: /down, cluster: down}
                      - {name: panic, path: /panic, cluster: panic}
                      - {name: always, path: /always, cluster: up, fault: {abort: {status: 418, percent: 100}}}
                      - {name: half, path: /half, cluster: up, fault: {abort: {status: 418, percent: 50}}}
                      - {name: rewritten, prefix: /rewritten, cluster: up, rewrite: {regex: ^/rewritten, substitution: /v1/}}
                      - {name: small, path: /small, cluster: up, maxBodyBytes: 4}
                      - {name: either, path: /either, weightedClusters: [{cluster: up, weight: 3}, {cluster: down, weight: 1}]}
            clusters:
              - {name: up, endpoints: [{address: "127.0.0.1:9001"}]}
              - {name: down, balancing: {panicThreshold: 0}, endpoints: [{address: "127.0.0.1:9002", health: unhealthy}]}
              - {name: panic, endpoints: [{address: "127.0.0.1:9003", health: unhealthy}]}
            """);
        CommandRun run = CommandRun.of("explain", "--config", file, "-H", "content-length: 5", url);
        assertThat(run.out()).contains("\n  -> " + outcome + "\n");
        assertThat(run.exitCode()).isEqualTo(code);
    }

    @Test
    void aTcpListenerNeedsNoRequest() {
        CommandRun run = CommandRun.of("explain", "--config", MATCHING.resolveSibling("tcp.yaml"));
        assertThat(run.out()).startsWith("a connection\n  -> every byte goes to cluster ").contains(" tcp on ", "ENDPOINT");
        assertThat(run.exitCode()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--listener api shop/ | listener: \"api\" (expected: one of [shop])",
        "/cart | host: missing (expected: the one that is asked for, such as shop.example)",
        "shop/a#b | request: GET /a#b to \"shop\" (expected: a token, a path or *, host[:port])",
        "shop/ -H x | header: \"x\" (expected: name: value, of visible ASCII)",
        "shop/ -H host:a | header: \"host:a\" (expected: none for the host, which is asked for apart)",
        "shop/ -X CONNECT | method: \"CONNECT\" (expected: another; it is answered with 501)",
    })
    void saysWhatIsWrongWithTheQuestion(String words, String problem) {
        CommandRun run = CommandRun.of((Object[]) ("explain --config " + MATCHING + " " + words).split(" "));
        assertThat(run).isEqualTo(new CommandRun(2, "", "mesh: " + problem + "\n"));
    }

    @Test
    void saysWhatIsWrongWithTheFile() throws IOException {
        Path bad = write("listeners: [{name: web, listen: 8080, cluster: web}]\nclusters: [{name: web}]\n");
        CommandRun run = CommandRun.of("explain", "--config", bad, "shop/");
        assertThat(run.err()).startsWith(bad + ":1:33 listeners[0].listen: \"8080\"");
        assertThat(run.exitCode()).isEqualTo(2);
        Path missing = directory.resolve("missing.yaml");
        assertThat(CommandRun.of("explain", "--config", missing, "shop/"))
            .isEqualTo(new CommandRun(2, "", "mesh: " + missing + ": no such file (expected: a YAML file)\n"));
    }

    @Test
    void asksASidecarThatRuns() throws Exception {
        Vertx vertx = Vertx.vertx();
        try (Sidecar sidecar = new Sidecar(Env.system(), 1);
            AdminServer server = new AdminServer(vertx, sidecar, "", Env.system().clock(), () -> "", () -> true, List.of(), null)) {
            Address admin = server.start(ANY_PORT, ANY_PORT, ANY_PORT).get("admin");
            sidecar.apply(Snapshots.http().version(7).to(Address.parse("127.0.0.1:9001"), 2).build());

            CommandRun run = CommandRun.of("explain", "--admin", admin, "shop.example/cart?page=2&x=a%20b");
            assertThat(run.out()).startsWith("GET shop.example/cart?page=2&x=a%20b\n  -> goes to cluster payments\n")
                .contains("http on " + sidecar.bound().get("web"), "127.0.0.1:9001  2       healthy").endsWith("\nconfiguration: version 7\n");
            assertThat(run.exitCode()).isZero();
            assertThat(CommandRun.of("explain", "--admin", admin, "-o", "json", "shop/").out()).contains("\"kind\" : \"cluster\"");

            assertThat(CommandRun.of("explain", "--admin", admin, "--listener", "api", "shop/"))
                .isEqualTo(new CommandRun(2, "", "mesh: listener: \"api\" (expected: one of [web])\n"));
            sidecar.apply(Snapshots.http().version(8).build());
            run = CommandRun.of("explain", "--admin", admin, "shop/");
            assertThat(run.out()).contains("-> refused with 503 UH: ", "no endpoints");
            assertThat(run.exitCode()).isEqualTo(1);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void saysWhenThereIsNobodyToAsk() {
        CommandRun run = CommandRun.of("explain", "--admin", "127.0.0.1:1", "shop/");
        assertThat(run).isEqualTo(new CommandRun(2, "",
            "mesh: 127.0.0.1:1: nobody answers (expected: a sidecar's admin; --admin HOST:PORT for another one, --config FILE for none)\n"));
    }

    @Test
    void asksAFileOrASidecarAndNotBoth() {
        CommandRun run = CommandRun.of("explain", "--config", MATCHING, "--admin", "127.0.0.1:1", "shop/");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("mutually exclusive");
    }

    private Path write(String yaml) throws IOException {
        return Files.writeString(directory.resolve("mesh.yaml"), yaml);
    }
}
