package mesh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import mesh.fuzz.ShortRun;
import mesh.model.MeshSnapshot;
import mesh.xds.Decoded;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;

/** A file is problems that can be printed, or a configuration whose parts fit together and mean the same after they went over xDS. */
class ConfigReaderFuzzTest {

    private static final Path FILE = Path.of("mesh.yaml");

    @Test
    void anyFileIsProblemsOrAConfiguration() {
        ShortRun.of(ConfigReaderFuzzTest.class, 600, ConfigReaderFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        ConfigResult result = ConfigReader.read(FILE, input);
        if (result instanceof ConfigResult.Valid valid) {
            check(valid.config().snapshot());
        } else {
            assertThat(((ConfigResult.Invalid) result).problems()).isNotEmpty().allSatisfy(problem -> {
                assertThat(problem.message()).isNotBlank();
                assertThat(problem.toString()).startsWith("mesh.yaml").doesNotContain("\n");
            });
        }
    }

    private static void check(MeshSnapshot snapshot) {
        assertThat(snapshot.problems()).isEmpty();
        snapshot.clusters().forEach((name, cluster) -> roundTrip(ResourceType.CLUSTER, snapshot, name, cluster));
        snapshot.endpoints().forEach((name, endpoints) -> roundTrip(ResourceType.ENDPOINTS, snapshot, name, endpoints));
        snapshot.listeners().forEach((name, listener) -> roundTrip(ResourceType.LISTENER, snapshot, name, listener));
        snapshot.routeTables().forEach((name, table) -> roundTrip(ResourceType.ROUTES, snapshot, name, table));
    }

    private static void roundTrip(ResourceType type, MeshSnapshot snapshot, String name, Object model) {
        type.encode(snapshot, name).ifPresent(encoded ->
            assertThat(type.decode(name, encoded.body())).as("%s %s", type, name).isEqualTo(new Decoded.Good<>(model)));
    }
}
