package mesh.control.messages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import java.util.Optional;
import mesh.model.HealthCheckPolicy;
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

    @Test
    void whatIsLeftOutOfAHealthCheckIsItsDefault() throws Exception {
        Problems problems = new Problems();
        assertThat(HealthMessages.decode(cluster("{\"health_check\": {\"tcp\": {}}}"), "c", problems).check())
            .contains(HealthCheckPolicy.of(HealthCheckPolicy.Tcp.CONNECT));
        assertThat(HealthMessages.decode(cluster("{\"health_check\": {\"http\": {\"path\": \"/\"}}}"), "c", problems).check())
            .contains(HealthCheckPolicy.of(HealthCheckPolicy.Http.get("/")));
        assertThat(HealthMessages.decode(cluster("{\"health_check\": {\"grpc\": {}}}"), "c", problems).check())
            .contains(HealthCheckPolicy.of(new HealthCheckPolicy.Grpc("", Optional.empty())));
        assertThat(problems.none()).isTrue();
    }

    @Test
    void saysWhatIsWrongWithAHealthCheck() throws Exception {
        assertThat(problems("{\"health_check\": {\"interval\": \"0s\"}}")).containsExactly(
            "c.health_check: asks nothing (expected: one of http, tcp, grpc)",
            "c.health_check.interval: 0s (expected: more than 0s, such as \"1s\")");
        assertThat(problems("{\"health_check\": {\"tcp\": {}, \"grpc\": {}}}")).containsExactly(
            "c.health_check: tcp and grpc (expected: one of http, tcp, grpc)");
        assertThat(problems("{\"health_check\": {\"http\": {\"path\": \"x\"}}}")).containsExactly(
            "c.health_check.http: http path: \"x\" (expected: begins with / and has no #, blanks or control characters)");
        assertThat(problems("{\"health_check\": {\"http\": {\"path\": \"/\", \"expected_statuses\": [\"ok\"], \"headers\": [{\"name\": \"te\"}]}}}"))
            .containsExactly(
                "c.health_check.http.expected_statuses[0]: \"ok\" (expected: a status such as 200, or a range such as 200-299)",
                "c.health_check.http.headers[0]: header name: \"te\" (expected: a field name, and none of connections or framing)");
        assertThat(problems("{\"health_check\": {\"tcp\": {\"send\": \"PING\"}}}")).containsExactly(
            "c.health_check.tcp: tcp send: \"PING\" (expected: bytes in hex, such as 50494e47)");
        assertThat(problems("{\"health_check\": {\"tcp\": {}, \"interval_jitter_percent\": 200}}")).containsExactly(
            "c.health_check: intervalJitterPercent: 200 (expected: 0 to 100)");
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
