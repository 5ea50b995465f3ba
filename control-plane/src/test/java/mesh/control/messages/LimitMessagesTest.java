package mesh.control.messages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import java.time.Duration;
import java.util.Optional;
import mesh.model.ListenerLimits;
import mesh.model.Problem;
import mesh.model.RateLimit;
import org.junit.jupiter.api.Test;

class LimitMessagesTest {

    @Test
    void whatIsLeftOutIsOneBucketForAllASecondLong() throws Exception {
        Problems problems = new Problems();
        assertThat(LimitMessages.decode(listener("{\"rate\": {\"requests\": 7}}"), "l", problems))
            .isEqualTo(new ListenerLimits(Optional.of(RateLimit.of(7, Duration.ofSeconds(1), new RateLimit.Everyone())), 0));
        assertThat(problems.none()).isTrue();
    }

    @Test
    void saysWhatIsWrongWithALimit() throws Exception {
        assertThat(problems("{\"rate\": {}}")).isEqualTo("l.limits.rate: requests: 0 (expected: 1 to 1000000)");
        assertThat(problems("{\"rate\": {\"requests\": 1, \"per\": \"0.010s\"}}")).isEqualTo("l.limits.rate: per: 10ms (expected: 50ms to 24h)");
        assertThat(problems("{\"rate\": {\"requests\": 1, \"per\": \"-1s\"}}")).isEqualTo("l.limits.rate.per: -1s (expected: more than 0s, such as \"1s\")");
        assertThat(problems("{\"rate\": {\"requests\": 1, \"key\": \"ip\"}}"))
            .isEqualTo("l.limits.rate.key: \"ip\" (expected: global, spiffe_id, address, or header: and a name)");
        assertThat(problems("{\"max_body_bytes\": \"18446744073709551615\"}"))
            .isEqualTo("l.limits: maxBodyBytes: 18446744073709551615 (expected: 0 to 1125899906842624)");
        assertThat(problems("{\"max_connections\": 2000000}")).isEqualTo("l.limits: maxConnections: 2000000 (expected: 0 to 1000000)");
        assertThat(problems("{\"http\": {\"head_kib\": 2000}}")).isEqualTo("l.limits.http: headKib: 2000 (expected: 1 to 1024)");
        assertThat(problems("{\"trusted_hops\": 17}")).isEqualTo("l.limits: trustedHops: 17 (expected: 0 to 16)");
    }

    @Test
    void aListenerOfTcpHasNoRequestsToLimit() throws Exception {
        Problems problems = new Problems();
        LimitMessages.decode(listener("{\"rate\": {\"requests\": 1}}").toBuilder().setProtocol("tcp").build(), "l", problems);
        assertThat(problems.list()).map(Problem::toString).containsExactly("l.limits: of requests beside protocol tcp (expected: only max_connections, or protocol http)");
    }

    private static String problems(String limits) throws Exception {
        Problems problems = new Problems();
        LimitMessages.decode(listener(limits), "l", problems);
        assertThat(problems.list()).hasSize(1);
        return problems.list().get(0).toString();
    }

    private static mesh.v1.Listener listener(String limits) throws Exception {
        mesh.v1.Listener.Builder listener = mesh.v1.Listener.newBuilder();
        JsonFormat.parser().merge(limits, listener.getLimitsBuilder());
        return listener.build();
    }
}
