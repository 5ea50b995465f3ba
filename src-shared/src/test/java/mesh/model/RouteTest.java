package mesh.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTest {

    @ParameterizedTest
    @ValueSource(strings = {"payments", "payments.svc:8080", "10.0.0.1:80", "[::1]", "[::1]:80"})
    void rewritesTheHostToWhatCanStandThere(String host) {
        assertThat(rewriting(host).hostRewrite()).contains(host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "user@host", "host/path", "host:port", "h\u00f6st", "\u6771\u4eac", "a\r\nx: y", ":80"})
    void refusesAHostThatCannotStandThere(String host) {
        assertThatThrownBy(() -> rewriting(host)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("hostRewrite: \"");
    }

    private static Route rewriting(String host) {
        return new Route("r", new Route.Prefix("/"), new Route.ToCluster("c"), Optional.of(host), Timeouts.DEFAULT, RetryPolicy.NONE);
    }
}
