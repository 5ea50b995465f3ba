package mesh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import mesh.model.Problem;
import org.junit.jupiter.api.Test;

class EndpointsFileTest {

    @Test
    void everyMistakeIsSaidWithItsPlace() {
        assertThat(problems("""
            endpoints:
            - {address: "10.0.0.1"}
            - {address: "10.0.0.2:1", wieght: 2}
            - {address: "10.0.0.2:1"}
            more: 1
            """)).containsExactly(
            "e.yaml:2:13 endpoints[0].address: \"10.0.0.1\" (expected: host:port, :port or [ipv6]:port)",
            "e.yaml:3:27 endpoints[1].wieght: unknown key (did you mean weight?)",
            "e.yaml:4:13 endpoints[2].address: \"10.0.0.2:1\" stands in endpoints[1] already (expected: once)",
            "e.yaml:5:1 more: unknown key (expected: endpoints)");
    }

    @Test
    void whatHasNoEndpointsIsNoSuchFile() {
        assertThat(problems("")).containsExactly("e.yaml empty (expected: endpoints)");
        assertThat(problems("{}")).containsExactly("e.yaml:1:1 endpoints: missing (expected: a list, which may be empty)");
        assertThat(problems("endpoints: [")).hasSize(1);
        assertThat(EndpointsFile.read(Path.of("e.yaml"), bytes("endpoints: []"))).isEqualTo(new EndpointsFile.Valid(List.of()));
    }

    private static List<String> problems(String text) {
        return ((EndpointsFile.Invalid) EndpointsFile.read(Path.of("e.yaml"), bytes(text))).problems().stream().map(Problem::toString).toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
