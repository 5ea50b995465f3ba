package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mesh.etcd.EtcdCluster;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/observability}: Prometheus's own tool finds nothing wrong, and every series that is asked for is one that the programs have. */
class ObservabilityIT {

    private static final Path FILES = MeshProcess.ROOT.resolve("deploy/observability");
    private static final Pattern SERIES = Pattern.compile("\\bmesh_[a-z_]+");

    @TempDir
    private Path dir;

    @Test
    void promtoolTakesTheAlertsAndTheirTestsPass() {
        Judge promtool = Judge.find("promtool", "apt-get install prometheus");
        promtool.mustDo("", List.of("check", "rules", FILES.resolve("alerts.yaml").toString()));
        promtool.mustDo("", List.of("test", "rules", FILES.resolve("alerts.test.yaml").toString()));
    }

    @Test
    void promtoolTakesEveryExpressionOfTheDashboard() throws IOException {
        JsonArray rules = new JsonArray();
        for (String expression : expressions()) {
            String asked = expression.replace("$__rate_interval", "5m").replaceAll("\\$[a-z]+", "x");
            rules.add(new JsonObject().put("record", "panel:" + rules.size()).put("expr", asked).put("labels", new JsonObject()));
        }
        assertThat(rules.size()).isGreaterThan(20);
        JsonObject group = new JsonObject().put("name", "dashboard").put("rules", rules);
        Path file = Files.writeString(dir.resolve("dashboard.yaml"), new JsonObject().put("groups", new JsonArray().add(group)).encode());
        Judge.find("promtool", "apt-get install prometheus").mustDo("", List.of("check", "rules", file.toString()));
    }

    @Test
    void everySeriesIsOneThatTheProgramsHave() throws Exception {
        Set<String> asked = new TreeSet<>();
        for (String name : List.of("alerts.yaml", "dashboard.json")) {
            asked.addAll(series(Files.readString(FILES.resolve(name))));
        }
        Set<String> there = new TreeSet<>();
        Files.createDirectory(dir.resolve("etcd"));
        try (EtcdCluster etcd = EtcdCluster.start(1, dir.resolve("etcd"));
            ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"), "--store", "etcd", "--etcd-endpoints",
                etcd.clients().get(0).toString(), "--injector-listen", "127.0.0.1:0")) {
            there.addAll(series(scrape(controlPlane.metrics())));
            Path config = Files.writeString(dir.resolve("mesh.yaml"),
                "proxy: {listen: \"" + Ports.free() + "\", upstreams: [{addr: \"127.0.0.1:9\"}]}\n");
            try (SidecarProcess sidecar = SidecarProcess.of(config)) {
                there.addAll(series(sidecar.metrics()));
            }
        }
        asked.removeIf(there::contains);
        assertThat(asked).as("asked for and not among %s", there).isEmpty();
    }

    @Test
    void panelsHaveTitlesDescriptionsAndRoom() throws IOException {
        List<JsonObject> panels = panels();
        assertThat(panels).extracting(panel -> panel.getInteger("id")).doesNotHaveDuplicates();
        for (JsonObject panel : panels) {
            JsonObject place = panel.getJsonObject("gridPos");
            assertThat(place.getInteger("x") + place.getInteger("w")).as(panel.getString("title")).isLessThanOrEqualTo(24);
            if (panel.getString("type").equals("row")) continue;
            assertThat(panel.getString("title")).isNotBlank();
            assertThat(panel.getString("description")).as(panel.getString("title")).isNotBlank();
            assertThat(panel.getJsonObject("datasource").getString("uid")).isEqualTo("${datasource}");
        }
    }

    private static List<JsonObject> panels() throws IOException {
        return new JsonObject(Files.readString(FILES.resolve("dashboard.json"))).getJsonArray("panels").stream().map(JsonObject.class::cast).toList();
    }

    private static List<String> expressions() throws IOException {
        List<String> all = new ArrayList<>();
        panels().forEach(panel -> panel.getJsonArray("targets", new JsonArray()).forEach(target -> all.add(((JsonObject) target).getString("expr"))));
        return all;
    }

    private static Set<String> series(String text) {
        return SERIES.matcher(text).results().map(MatchResult::group).map(name -> name.replaceAll("_bucket$", "")).collect(Collectors.toSet());
    }

    private static String scrape(Address metrics) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + metrics + "/metrics")).build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    }
}
