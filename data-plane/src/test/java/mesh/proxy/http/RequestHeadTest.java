package mesh.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        /                     | /
        /a/b                  | /a/b
        /a/./b                | /a/b
        /a/../b               | /b
        /a/..                 | /
        /a/.                  | /a/
        /..                   | /
        /../../etc            | /etc
        /a/%2e%2E/b           | /b
        /a/.%2e/b             | /b
        /a/%2e/b              | /a/b
        /a/.../b              | /a/.../b
        /a/.b/..c             | /a/.b/..c
        /a//b                 | /a//b
        /a//../b              | /a/b
        /a%2fb/..             | /
        /a%2f..%2fb           | /a%2f..%2fb
        /a;x=1/..;/b          | /a;x=1/..;/b
        /%41%7e               | /%41%7e
        /a/../b?c=/../d       | /b?c=/../d
        /?q=100%&r=%00        | /?q=100%&r=%00
        http://x              | /
        http://x?q            | /?q
        HTTPS://x/a/../b?q    | /b?q
        """)
    void theTargetIsForwardedWithDotSegmentsResolvedAndNothingElseChanged(String target, String forwarded) {
        RequestHead head = RequestHead.of("GET", target, "h");
        assertThat(head.target()).isEqualTo(forwarded);
        assertThat(head.toString()).startsWith("GET " + forwarded + " HTTP/1.1\r\n");
        assertThat(head.path()).isEqualTo(forwarded.replaceFirst("\\?.*", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "a", "*", "?q", "//%", "/%", "/%4", "/%4g", "/%00", "/a b", "/a#b", "/a\\b", "/\u00e9", "/\u0141", "/a\r\n", "/?a b", "/?\u0001", "/?#",
        "http://", "http:///a", "http://u@h/", "http://h:x/", "http://h:99999/", "ftp://h/", "http://h/%00", "http://[::1/", "h:80"})
    void aTargetThatIsNoneIsRefused(String target) {
        assertThatThrownBy(() -> RequestHead.of("GET", target, "h")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAsteriskIsForOptionsOnly() {
        assertThat(RequestHead.of("OPTIONS", "*", "h").path()).isEqualTo("*");
        assertThat(RequestHead.of("OPTIONS", "http://h", "h").target()).isEqualTo("*");
        assertThatThrownBy(() -> RequestHead.of("OPTIONS", "*a", "h")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a.b:80", "a:", "127.0.0.1:1", "[::1]", "[::ffff:1.2.3.4]:65535", "a_b", "a,b"})
    void aHostIsANameOrAnAddressAndMayHaveAPort(String host) {
        assertThat(RequestHead.of("GET", "/", host).authority()).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a/b", "a@b", "a:b", "a:1:2", ":80", "[::1", "[]", "[::1]x", "[x]", "a:65536", "a:000000", "%41", "\u00e9", "a\u0001"})
    void aHostThatIsNoneIsRefused(String host) {
        assertThatThrownBy(() -> RequestHead.of("GET", "/", host)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAbsoluteTargetsHostTakesThePlaceOfTheHostField() {
        RequestHead head = RequestHead.of("GET", "http://real:81/x", "claimed");
        assertThat(head.authority()).isEqualTo("real:81");
        assertThat(head.toString()).isEqualTo("GET /x HTTP/1.1\r\nhost: real:81\r\n");
    }

    @Test
    void comparesThePathAndTheHostAsBytes() {
        RequestHead head = RequestHead.of("GET", "/pay/1?q", "Pay.Example:8080");
        assertThat(head.pathIs(ascii("/pay/1"))).isTrue();
        assertThat(head.pathIs(ascii("/pay/1?q"))).isFalse();
        assertThat(head.pathStartsWith(ascii("/pay"))).isTrue();
        assertThat(head.pathStartsWith(ascii("/pay/12"))).isFalse();
        assertThat(head.authorityIs(ascii("pay.example:8080"))).isTrue();
        assertThat(head.authorityIs(ascii("pay.example"))).isFalse();
        assertThat(head.hostIs(ascii("pay.example"))).isTrue();
        assertThat(head.hostEndsWith(ascii(".example"))).isTrue();
        assertThat(head.hostEndsWith(ascii("x.pay.example"))).isFalse();
    }

    @Test
    void thePortOfAnAddressInBracketsIsNotPartOfTheHost() {
        assertThat(RequestHead.of("GET", "/", "[::1]:80").hostIs(ascii("[::1]"))).isTrue();
        assertThat(RequestHead.of("GET", "/", "[::1]").hostIs(ascii("[::1]"))).isTrue();
    }

    @Test
    void knowsTheUpgradeThatConnectionAsksFor() {
        RequestHead head = RequestHead.of("GET", "/", "h");
        head.add(FieldName.UPGRADE, "websocket");
        assertThat(head.upgrade()).isNull();
        head.add(FieldName.CONNECTION, "keep-alive, Upgrade");
        assertThat(head.upgrade()).isEqualTo("websocket");
    }

    @Test
    void methodsAreCaseSensitive() {
        assertThat(RequestHead.of("GET", "/", "h").method()).isSameAs(Method.GET);
        assertThat(RequestHead.of("get", "/", "h").method()).isEqualTo(new Method("get", false, false));
        assertThat(RequestHead.of("PROPFIND", "/", "h").method().idempotent()).isFalse();
    }

    @Test
    void contentLengthIsTheFieldsNumber() {
        RequestHead head = RequestHead.of("POST", "/", "h");
        assertThat(head.contentLength()).isEqualTo(-1);
        head.set(FieldName.CONTENT_LENGTH, "9223372036854775807");
        assertThat(head.contentLength()).isEqualTo(Long.MAX_VALUE);
        head.set(FieldName.CONTENT_LENGTH, "9223372036854775808");
        assertThat(head.contentLength()).isEqualTo(-1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
