package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import mesh.model.PathRewrite;
import mesh.model.Route;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetRewriteTest {

    /** The first ones are the table of Gateway API's {@code ReplacePrefixMatch}. */
    @ParameterizedTest
    @CsvSource({
        "/foo/bar,   /foo,  /xyz,  /xyz/bar",
        "/foo/bar,   /foo,  /xyz/, /xyz/bar",
        "/foo/bar,   /foo/, /xyz,  /xyz/bar",
        "/foo/bar,   /foo/, /xyz/, /xyz/bar",
        "/foo,       /foo,  /xyz,  /xyz",
        "/foo/,      /foo,  /xyz,  /xyz/",
        "/foo/bar,   /foo,  /,     /bar",
        "/foo/,      /foo,  /,     /",
        "/foo,       /foo,  /,     /",
        "/foo?a=/b,  /foo,  /,     /?a=/b",
        "/foobar?,   /foo,  /xyz,  /xyzbar?",
        "/foobar,    /foo,  /xyz/, /xyz/bar",
        "/foo//bar,  /foo,  /xyz/, /xyz//bar",
        "/foo,       /,     /xyz,  /xyz/foo",
        "/,          /,     /xyz,  /xyz/",
        "/foo,       /,     /,     /foo",
        "/foo/.well-known/x, /foo, /, /.well-known/x",
    })
    void aPrefixIsJoinedToTheRestByOneSlash(String target, String prefix, String with, String rewritten) {
        assertThat(rewrite(new PathRewrite.Prefix(with), new Route.Prefix(prefix), target)).isEqualTo(rewritten);
    }

    @ParameterizedTest
    @CsvSource({"/foo, /new", "/foo?a?b, /new?a?b", "/?, /new?"})
    void aWholePathTakesThePlaceOfAnotherAndTheQueryStays(String target, String rewritten) {
        assertThat(rewrite(new PathRewrite.Full("/new"), new Route.Prefix("/"), target)).isEqualTo(rewritten);
        assertThat(rewrite(new PathRewrite.Prefix("/new"), new Route.Exact("/foo"), target)).isEqualTo(rewritten);
    }

    @ParameterizedTest
    @CsvSource({
        "/u/7/cart?x, ^/u/([0-9]+)/(.*)$, /\\2/\\1, /cart/7?x",
        "/a/a/a,      a,                  b,        /b/b/b",
        "/a/b,        a|(b),              x\\1,     /x/xb",
        "/nothing,    ^/u/,               /,        /nothing",
        "/a,          a,                  \\0\\0,   /aa",
        "/a?a,        a,                  b,        /b?a",
    })
    void eachMatchOfAnExpressionIsReplaced(String target, String regex, String substitution, String rewritten) {
        assertThat(rewrite(new PathRewrite.Regex(regex, substitution), new Route.Prefix("/"), target)).isEqualTo(rewritten);
    }

    /** The client's own part of a path makes something of it that it was not when it was routed, or nothing at all. */
    @ParameterizedTest
    @CsvSource({
        "/api../secret,  ^/api,        /v1/",
        "/api%2e./x,     ^/api,        /v1/",
        "/x/..y/z,       y,            ''",
        "/x%25zz,        25,           ''",
        "/x,             ^/x,          ''",
        "/x/y,           ^/x/,         ''",
        "/x%250,         %25,          '%0'",
        "/x?q,           .*,           ''",
        "/x,             x,            '\\\\'",
    })
    void whatIsNoPathIsNotSent(String target, String regex, String substitution) {
        RequestHead head = RequestHead.of("GET", target, "h");
        String before = head.toString();
        assertThat(new TargetRewrite(new PathRewrite.Regex(regex, substitution), new Route.Prefix("/")).apply(head)).as(head.target()).isFalse();
        assertThat(head).hasToString(before);
        assertThat(head.askedTarget()).isEqualTo(target);
    }

    @Test
    void aPathDoesNotGrowWithoutBounds() {
        RequestHead head = RequestHead.of("GET", "/" + "a".repeat(4000), "h");
        assertThat(new TargetRewrite(new PathRewrite.Regex("a", "\\0\\0\\0\\0\\0\\0\\0\\0"), new Route.Prefix("/")).apply(head)).isFalse();
    }

    @Test
    void theServerItselfIsNoPath() {
        RequestHead head = RequestHead.of("OPTIONS", "*", "h");
        assertThat(new TargetRewrite(new PathRewrite.Full("/new"), new Route.Prefix("/")).apply(head)).isTrue();
        assertThat(head.target()).isEqualTo("*");
        assertThat(head.isRewritten()).isFalse();
    }

    @Test
    void whatWasAskedForIsStillKnown() {
        RequestHead head = RequestHead.of("GET", "/a?b", "h");
        new TargetRewrite(new PathRewrite.Full("/c"), new Route.Prefix("/")).apply(head);
        new TargetRewrite(new PathRewrite.Full("/d"), new Route.Prefix("/")).apply(head);
        assertThat(head).hasToString("GET /d?b HTTP/1.1\r\nhost: h\r\n");
        assertThat(head.askedTarget()).isEqualTo("/a?b");
    }

    /** Whatever comes out could have come from a client. */
    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void whatIsSentWouldBeTaken(int seed) {
        Random random = new Random(seed);
        String[] parts = {"/", ".", "..", "%2e", "%", "25", "2", "a", "b", "//", ";", "e"};
        PathRewrite[] rewrites = {
            new PathRewrite.Prefix("/"), new PathRewrite.Prefix("/x"), new PathRewrite.Prefix("/x/"), new PathRewrite.Regex("a|b", ""),
            new PathRewrite.Regex("[^/]", ""), new PathRewrite.Regex("25", "2"), new PathRewrite.Regex("(.)(.)", "\\2\\1"), new PathRewrite.Regex("/", "")};
        int sent = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder target = new StringBuilder("/a");
            for (int n = random.nextInt(6); n > 0; n--) target.append(parts[random.nextInt(parts.length)]);
            RequestHead head = new RequestHead();
            if (!head.begin("GET", target, "h") || !head.pathStartsWith("/a".getBytes())) continue;
            if (!new TargetRewrite(rewrites[random.nextInt(rewrites.length)], new Route.Prefix("/a")).apply(head)) continue;
            sent++;
            assertThat(RequestHead.of("GET", head.target(), "h").target()).as(target.toString()).isEqualTo(head.target());
        }
        assertThat(sent).isGreaterThan(1_000);
    }

    private static String rewrite(PathRewrite rewrite, Route.PathMatch match, String target) {
        RequestHead head = RequestHead.of("GET", target, "h");
        assertThat(new TargetRewrite(rewrite, match).apply(head)).isTrue();
        return head.target();
    }
}
