package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark for users measures and says so; what it measures is nobody's claim here. */
class BenchIT {

    private static final String RUN = MeshProcess.ROOT.resolve("deploy/bench/run").toString();

    @TempDir
    private Path dir;

    @Test
    void measuresTheSidecarAndLeavesATableAPlotAndEveryRound() throws Exception {
        Judge.find("h2load", "apt-get install nghttp2-client");
        Judge.find("nginx", "apt-get install nginx");
        Judge python = Judge.find("python3", "apt-get install python3");
        Judge.Verdict verdict = python.ask("", RUN, "--subjects", "direct,mesh", "--work", "h1@500,h2@max,mtls@max", "--rounds", "1", "--seconds", "1",
            "--warmup", "1", "--out", dir.toString());
        assertThat(verdict.exit()).as(verdict.text()).isZero();
        assertThat(verdict.text()).contains("h1@500", "h2@max", "mtls@max", "CPU µs/request");
        JsonObject kept = JsonParser.parseString(Files.readString(dir.resolve("rounds.json"))).getAsJsonObject();
        List<String> measured = new ArrayList<>();
        for (JsonElement each : kept.getAsJsonArray("rounds")) {
            JsonObject round = each.getAsJsonObject();
            measured.add(round.get("work").getAsString() + " " + round.get("subject").getAsString());
            assertThat(round.get("errors").getAsInt()).isZero();
            assertThat(round.get("requests").getAsInt()).isPositive();
        }
        assertThat(measured).containsExactly("h1@500 direct", "h1@500 mesh", "h2@max direct", "h2@max mesh", "mtls@max direct", "mtls@max mesh");
        assertThat(kept.getAsJsonObject("versions").get("h2load").getAsString()).isNotBlank();
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(dir.resolve("plot.svg").toFile());
        assertThat(Files.readString(dir.resolve("table.txt"))).isNotBlank();
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        Judge python = Judge.find("python3", "apt-get install python3");
        assertThat(python.ask("", RUN, "--work", "h3@max")).satisfies(verdict -> {
            assertThat(verdict.exit()).isEqualTo(2);
            assertThat(verdict.text()).contains("\"h3@max\" (expected: h1, h2, mtls, large, then @ and requests a second or max)");
        });
    }
}
