package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import mesh.model.CorsPolicy;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the Fetch standard, section 3.3. */
class CorsRulesTest {

    private final RequestHead request = RequestHead.of("OPTIONS", "/", "h");
    private final ResponseHead answer = ResponseHead.of(200);

    @ParameterizedTest
    @CsvSource({
        "https://shop.example, https://shop.example,           true",
        "https://shop.example, https://shop.example:8443,      false",
        "https://shop.example, https://SHOP.example,           false",
        "prefix:https://pr-,   https://pr-7.shop.example,      true",
        "prefix:https://pr-,   http://pr-7.shop.example,       false",
        "'regex:https://[a-z]+[.]example', https://a.example,      true",
        "'regex:https://[a-z]+[.]example', https://a.example.evil, false",
        "*,                    https://anybody,                true",
        "https://shop.example, null,                           false",
    })
    void anOriginIsAllowedOrNot(String allowed, String origin, boolean isAllowed) {
        request.add(FieldName.of("origin"), origin);
        assertThat(new CorsRules(policy(allowed)).allowed(request)).isEqualTo(isAllowed ? origin : null);
    }

    @Test
    void oneOfSeveralIsEnough() {
        request.add(FieldName.of("origin"), "https://b");
        assertThat(new CorsRules(policy("https://a", "https://b")).allowed(request)).isEqualTo("https://b");
    }

    @Test
    void onlyABrowsersQuestionIsAPreflight() {
        assertThat(CorsRules.isPreflight(request)).isFalse();
        request.add(FieldName.of("access-control-request-method"), "PUT");
        assertThat(CorsRules.isPreflight(request)).isTrue();
        RequestHead put = RequestHead.of("PUT", "/", "h");
        put.add(FieldName.of("access-control-request-method"), "PUT");
        assertThat(CorsRules.isPreflight(put)).isFalse();
    }

    @Test
    void aPreflightIsToldWhatItMayAsk() {
        CorsRules rules = new CorsRules(new CorsPolicy(List.of(new CorsPolicy.Exact("https://a")), List.of("GET", "PUT"), List.of("x-a", "x-b"),
            List.of("x-c"), Optional.of(Duration.ofMinutes(10)), true));
        ResponseHead head = rules.preflight();
        rules.decorate(head, "https://a");
        assertThat(head).hasToString("HTTP/1.1 200 OK\r\naccess-control-allow-methods: GET,PUT\r\naccess-control-allow-headers: x-a,x-b\r\n"
            + "access-control-max-age: 600\r\nvary: Origin\r\naccess-control-allow-origin: https://a\r\naccess-control-allow-credentials: true\r\n"
            + "access-control-expose-headers: x-c\r\n");
    }

    @Test
    void theApplicationsOwnWordGivesWayAndItsVaryStays() {
        answer.add(FieldName.of("access-control-allow-origin"), "*");
        answer.add(FieldName.of("vary"), "accept");
        new CorsRules(policy("https://a")).decorate(answer, "https://a");
        assertThat(answer).hasToString("HTTP/1.1 200 OK\r\naccess-control-allow-origin: https://a\r\nvary: accept, Origin\r\n");
    }

    /** A cache that keeps it must not give it to a page that would be allowed. */
    @Test
    void whoIsNotAllowedIsToldNothingButThatOthersMayBe() {
        new CorsRules(policy("https://a")).decorate(answer, null);
        assertThat(answer).hasToString("HTTP/1.1 200 OK\r\nvary: Origin\r\n");
    }

    @Test
    void everybodysAnswerIsTheSameForAll() {
        new CorsRules(policy("*")).decorate(answer, "https://a");
        assertThat(answer).hasToString("HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\n");
    }

    private static CorsPolicy policy(String... origins) {
        return new CorsPolicy(Arrays.stream(origins).map(CorsPolicy.Origin::parse).toList(), List.of(), List.of(), List.of(), Optional.empty(), false);
    }
}
