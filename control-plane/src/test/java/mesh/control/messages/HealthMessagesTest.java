package mesh.control.messages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import java.util.Optional;
import mesh.model.HealthPolicy;
import mesh.model.OutlierPolicy;
import mesh.model.Problem;
import org.junit.jupiter.api.Test;

class HealthMessagesTest {

    @Test
    void whatIsLeftOutOfOutlierDetectionIsEnvoysDefault() throws Exception {
        Problems problems = new Problems();
        assertThat(HealthMessages.decode(cluster("{\"outlier_detection\": {}}"), "c", problems))
            .isEqualTo(new HealthPolicy(Optional.of(OutlierPolicy.DEFAULT)));
        assertThat(problems.none()).isTrue();
        assertThat(HealthMessages.decode(cluster("{}"), "c", problems)).isEqualTo(HealthPolicy.NONE);
    }

    @Test
    void saysWhatIsWrongWithOutlierDetection() throws Exception {
        assertThat(problems("{\"outlier_detection\": {\"interval\": \"0s\", \"max_ejection_time\": \"-1s\"}}")).containsExactly(
            "c.outlier_detection.interval: 0s (expected: more than 0s, such as \"1s\")",
            "c.outlier_detection.max_ejection_time: -1s (expected: more than 0s, such as \"1s\")");
        assertThat(problems("{\"outlier_detection\": {\"max_ejection_percent\": 101}}"))
            .containsExactly("c.outlier_detection: maxEjectionPercent: 101 (expected: 0 to 100)");
        assertThat(problems("{\"outlier_detection\": {\"base_ejection_time\": \"301s\"}}"))
            .containsExactly("c.outlier_detection: maxEjectionTime: 5m (expected: at least baseEjectionTime, 5m1s)");
    }

    private static java.util.List<String> problems(String cluster) throws Exception {
        Problems problems = new Problems();
        HealthMessages.decode(cluster(cluster), "c", problems);
        return problems.list().stream().map(Problem::toString).toList();
    }

    private static mesh.v1.Cluster cluster(String json) throws Exception {
        mesh.v1.Cluster.Builder cluster = mesh.v1.Cluster.newBuilder();
        JsonFormat.parser().merge(json, cluster);
        return cluster.build();
    }
}
