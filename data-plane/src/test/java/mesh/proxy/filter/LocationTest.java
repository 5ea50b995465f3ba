package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import mesh.model.PathRewrite;
import mesh.model.Route;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocationTest {

    /** As in source/common/router/config_impl.cc. */
    @ParameterizedTest
    @CsvSource({
        "h,         https, '',  0,    https://h/a?b",
        "h:80,      https, '',  0,    https://h/a?b",
        "h:8080,    https, '',  0,    https://h:8080/a?b",
        "h:443,     https, '',  0,    https://h:443/a?b",
        "h:80,      http,  '',  443,  http://h:443/a?b",
        "h:8080,    '',    '',  9090, http://h:9090/a?b",
        "h:8080,    '',    x,   0,    http://x/a?b",
        "h:8080,    '',    x,   9090, http://x:9090/a?b",
        "[::1]:80,  https, '',  0,    https://[::1]/a?b",
        "[::1],     https, '',  0,    https://[::1]/a?b",
        "[::1]:80,  '',    '',  81,   http://[::1]:81/a?b",
    })
    void partsThatARouteDoesNotNameAreTheRequests(String authority, String scheme, String host, int port, String location) {
        assertThat(of(scheme, host, port, "/only-for-the-record", true).of(RequestHead.of("GET", "/a?b", authority), "http"))
            .isEqualTo(location.replace("/a?", "/only-for-the-record?"));
    }

    @Test
    void aHopBeforeUsKnowsTheScheme() {
        RequestHead head = RequestHead.of("GET", "/", "h:443");
        head.add(FieldName.X_FORWARDED_PROTO, "https");
        assertThat(of("http", "", 0, null, true).of(head, "http")).isEqualTo("http://h/");
        RequestHead odd = RequestHead.of("GET", "/", "h");
        odd.add(FieldName.X_FORWARDED_PROTO, "javascript");
        assertThat(of("", "", 81, null, true).of(odd, "https")).isEqualTo("https://h:81/");
    }

    @Test
    void theQueryGoesAlongUnlessItIsStripped() {
        assertThat(of("", "x", 0, "/new", true).of(RequestHead.of("GET", "/a?b=?c", "h"), "http")).isEqualTo("http://x/new?b=?c");
        assertThat(of("", "x", 0, "/new", false).of(RequestHead.of("GET", "/a?b=?c", "h"), "http")).isEqualTo("http://x/new");
    }

    /** RFC 3986: what a browser sends and may not stand in a URI goes back escaped. */
    @Test
    void whatMayNotStandInAUriIsEscaped() {
        assertThat(of("", "x", 0, null, true).of(RequestHead.of("GET", "/a[1]|%5B?\"<>\\^`{|}", "h"), "http"))
            .isEqualTo("http://x/a%5B1%5D%7C%5B?%22%3C%3E%5C%5E%60%7B%7C%7D");
    }

    /** Or the path would be taken for the host. */
    @Test
    void aRequestWithoutAHostIsSentNowhereElse() {
        RequestHead head = RequestHead.of("GET", "//evil.example/", "h");
        head.remove(FieldName.HOST);
        assertThat(of("https", "", 0, null, true).of(head, "http")).isEqualTo("/.//evil.example/");
    }

    @Test
    void thereIsNoneWhereThePathCannotBeRewritten() {
        Location location = new Location(new Route.Redirect(Optional.empty(), Optional.empty(), 0,
            Optional.of(new PathRewrite.Regex("^/a", "")), 301, true), new Route.Prefix("/a"));
        assertThat(location.of(RequestHead.of("GET", "/a", "h"), "http")).isNull();
    }

    private static Location of(String scheme, String host, int port, String path, boolean query) {
        return new Location(new Route.Redirect(some(scheme), some(host), port, Optional.ofNullable(path).map(PathRewrite.Full::new), 301, query),
            new Route.Prefix("/"));
    }

    private static Optional<String> some(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
