package mesh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {

    private static final List<String> KNOWN = List.of("listen", "upstreams", "balancer", "retry", "circuitBreaker", "addr");

    @ParameterizedTest
    @CsvSource({"balencer, balancer", "blaancer, balancer", "circuit_breaker, circuitBreaker", "Listen, listen", "address, addr", "upstream, upstreams"})
    void aSlipIsFollowedToWhatWasMeant(String written, String meant) {
        assertThat(Suggestion.of(written, KNOWN)).contains(meant);
    }

    @ParameterizedTest
    @CsvSource({"tracing", "x", "''", "re"})
    void aWordLikeNoOtherGetsNoSuggestion(String written) {
        assertThat(Suggestion.of(written, KNOWN)).isEmpty();
    }

    @Test
    void neighboursSwappedAreOneSlip() {
        assertThat(Suggestion.distance("retyr", "retry")).isEqualTo(1);
    }
}
