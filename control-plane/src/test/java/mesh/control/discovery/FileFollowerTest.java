package mesh.control.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointDiscovery;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileFollowerTest {

    private static final EndpointDiscovery.File FILE = new EndpointDiscovery.File("payments.yaml");

    @TempDir
    private Path dir;
    private FoundEndpoints mesh;

    @BeforeEach
    void follow() throws Exception {
        mesh = new FoundEndpoints(dir, new Cluster("payments", BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
            .withDiscovery(Optional.of(FILE)));
        FileFollower follower = new FileFollower(Optional.of(dir), mesh.sink, () -> true, mesh.timer, mesh.metrics);
        follower.follow(Map.of("payments", FILE));
        follower.start();
    }

    @AfterEach
    void stop() throws Exception {
        mesh.close();
    }

    @Test
    void takesWhatStandsThereInYamlOrJsonAndFollowsIt() throws Exception {
        write("endpoints:\n- {address: \"10.0.0.1:9001\", weight: 3, priority: 1}\n");
        assertThat(mesh.endpoints()).containsExactly(new Endpoint(Address.parse("10.0.0.1:9001"), 3, Optional.empty()).at(Optional.empty(), 1));
        write("{\"endpoints\": [{\"address\": \"10.0.0.2:9001\"}]}");
        assertThat(mesh.endpoints()).extracting(each -> each.address().toString()).containsExactly("10.0.0.2:9001");
        write("endpoints: []\n");
        assertThat(mesh.endpoints()).isEmpty();
    }

    @Test
    void aBrokenFileAndOneThatIsGoneLeaveTheLastGoodOnes() throws Exception {
        write("endpoints:\n- {address: \"10.0.0.1:9001\"}\n");
        write("endpoints:\n- {address: \"10.0.0.2:9001\"}\n- {adress: \"10.0.0.3:9001\"}\n");
        assertThat(mesh.endpoints()).extracting(each -> each.address().toString()).containsExactly("10.0.0.1:9001");
        assertThat(mesh.stale()).isEqualTo(1);
        Files.delete(dir.resolve(FILE.name()));
        looks();
        assertThat(mesh.endpoints()).hasSize(1);
        write("endpoints:\n- {address: \"10.0.0.4:9001\"}\n");
        assertThat(mesh.endpoints()).extracting(each -> each.address().toString()).containsExactly("10.0.0.4:9001");
        assertThat(mesh.stale()).isZero();
    }

    @Test
    void aFileThatIsBeingWrittenIsLeftAlone() throws Exception {
        Path file = dir.resolve(FILE.name());
        Files.writeString(file, "endpoints:\n- {address: \"10.0.0.1:9001\"}\n");
        mesh.clock.advance(FileFollower.INTERVAL);
        Files.writeString(file, "endpoints:\n- {address: \"10.0.0.1:9001\"}\n- {address: \"10.0.0.2:9001\"}\n");
        mesh.clock.advance(FileFollower.INTERVAL.plus(EndpointSink.QUIET));
        assertThat(mesh.endpoints()).isEmpty();
        looks();
        assertThat(mesh.endpoints()).hasSize(2);
    }

    private void write(String text) throws Exception {
        Files.writeString(dir.resolve(FILE.name()), text);
        looks();
    }

    private void looks() {
        mesh.clock.advance(Duration.ofSeconds(2));
    }
}
