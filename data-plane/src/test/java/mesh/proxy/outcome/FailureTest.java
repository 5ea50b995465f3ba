package mesh.proxy.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every row of the table, written down a second time as the documentation has it. */
class FailureTest {

    private static final Set<String> ENVOY_FLAGS = Set.of("UH", "UF", "UC", "UR", "UO", "OM", "NR", "NC", "UT", "SI", "UMSDR", "DPE", "URX", "RL",
        "RBAC", "DC", "UPE", "DI", "FI", "LR");

    @ParameterizedTest
    @CsvSource({
        "NO_ROUTE, NR, 404, 12",
        "NO_CLUSTER, NC, 503, 14",
        "NO_HEALTHY_UPSTREAM, UH, 503, 14",
        "CIRCUIT_OPEN, UH, 503, 14",
        "OVERFLOW, UO, 503, 14",
        "OVERLOADED, OM, 503, 14",
        "CONNECT_FAILED, UF, 503, 14",
        "CONNECT_TIMEOUT, UF, 503, 14",
        "TLS_REJECTED, UF, 503, 14",
        "REUSED_CLOSED, UC, 503, 14",
        "UPSTREAM_CLOSED, UC, 503, 14",
        "UPSTREAM_RESET, UR, 503, 14",
        "STREAM_REFUSED, UR, 503, 14",
        "UPSTREAM_PROTOCOL, UPE, 502, 14",
        "UPSTREAM_TRUNCATED, UC, 502, 14",
        "PER_TRY_TIMEOUT, UT, 504, 4",
        "PER_TRY_IDLE, UT, 504, 4",
        "REQUEST_TIMEOUT, UT, 504, 4",
        "STREAM_IDLE, SI, 504, 4",
        "STREAM_TOO_LONG, UMSDR, 504, 4",
        "REQUEST_TOO_LONG, UMSDR, 408, 4",
        "REQUEST_HEAD_TIMEOUT, DPE, 408, 4",
        "REQUEST_BODY_TIMEOUT, SI, 408, 4",
        "EXPECTATION_FAILED, DPE, 417, 13",
        "BAD_REQUEST, DPE, 400, 13",
        "BAD_REWRITE, DPE, 400, 13",
        "AMBIGUOUS_PATH, DPE, 400, 13",
        "HEAD_TOO_LARGE, DPE, 431, 8",
        "URI_TOO_LONG, DPE, 414, 8",
        "BODY_TOO_LARGE, DPE, 413, 8",
        "METHOD_NOT_SUPPORTED, DPE, 501, 12",
        "VERSION_NOT_SUPPORTED, DPE, 505, 13",
        "PEER_DENIED, RBAC, 403, 7",
        "RATE_LIMITED, RL, 429, 8",
        "FAULT_INJECTED, FI, 503, 14",
        "DRAINING, UO, 503, 14",
        "DOWNSTREAM_RESET, DC, 499, 1",
        "INTERNAL, LR, 500, 13",
    })
    void isAnsweredAsDocumented(Failure failure, String flag, int httpStatus, int grpcStatus) {
        assertThat(failure.flag()).isEqualTo(flag);
        assertThat(failure.httpStatus()).isEqualTo(httpStatus);
        assertThat(failure.grpcStatus()).isEqualTo(grpcStatus);
    }

    /** So that a new row must be written down above too. */
    @Test
    void hasNoRowThatIsNotDocumented() throws Exception {
        CsvSource table = FailureTest.class.getDeclaredMethod("isAnsweredAsDocumented", Failure.class, String.class, int.class, int.class)
            .getAnnotation(CsvSource.class);
        assertThat(Arrays.stream(table.value()).map(row -> Failure.valueOf(row.substring(0, row.indexOf(',')))))
            .containsExactlyInAnyOrder(Failure.values());
    }

    @ParameterizedTest
    @EnumSource
    void usesAFlagThatEnvoysUsersKnow(Failure failure) {
        assertThat(ENVOY_FLAGS).contains(failure.flag());
    }

    @ParameterizedTest
    @EnumSource
    void isRetriedOnlyWhenTheUpstreamCausedIt(Failure failure) {
        if (failure.retry() != Failure.Retry.NEVER) {
            assertThat(failure.side()).isEqualTo(Failure.Side.UPSTREAM);
        }
    }

    @ParameterizedTest
    @EnumSource
    void blamesTheClientForFourHundredsThatItCaused(Failure failure) {
        if (failure.side() == Failure.Side.DOWNSTREAM) {
            assertThat(failure.httpStatus()).isBetween(400, 505).isNotIn(500, 502, 503, 504);
        } else {
            assertThat(failure.httpStatus()).isNotIn(400, 408, 413, 414, 417, 431, 499);
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsAsAPhraseInTheLog(Failure failure) {
        assertThat(failure.sentence()).isNotBlank().doesNotEndWith(".").hasSizeLessThan(80);
    }
}
