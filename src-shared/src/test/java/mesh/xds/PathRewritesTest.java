package mesh.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import mesh.model.PathRewrite;
import mesh.model.Route;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathRewritesTest {

    /** The first ones are the table of Gateway API's {@code ReplacePrefixMatch}. */
    @ParameterizedTest
    @CsvSource({
        "/foo/bar,  /foo,  /xyz,  /xyz/bar",
        "/foo/bar,  /foo,  /xyz/, /xyz/bar",
        "/foo/bar,  /foo/, /xyz,  /xyz/bar",
        "/foo/bar,  /foo/, /xyz/, /xyz/bar",
        "/foo,      /foo,  /xyz,  /xyz",
        "/foo/,     /foo,  /xyz,  /xyz/",
        "/foo/bar,  /foo,  /,     /bar",
        "/foo/,     /foo,  /,     /",
        "/foo,      /foo,  /,     /",
        "/foobar,   /foo,  /xyz,  /xyzbar",
        "/foobar,   /foo,  /xyz/, /xyz/bar",
        "/foo//bar, /foo,  /xyz/, /xyz//bar",
        "/foo,      /,     /xyz,  /xyz/foo",
        "/,         /,     /xyz,  /xyz/",
        "/foo,      /,     /,     /foo",
        "/a.b/c,    /a.b/, /x,    /x/c",
    })
    void anEnvoyJoinsByOneSlash(String path, String prefix, String with, String rewritten) {
        PathRewrite rewrite = new PathRewrite.Prefix(with);
        Route.PathMatch match = new Route.Prefix(prefix);
        assertThat(asEnvoy(rewrite, match, path)).isEqualTo(rewritten);
    }

    @ParameterizedTest
    @CsvSource({"/foo, /", "/, /foo", "/foo/bar, /foo", "/foo/bar, /foo/bar"})
    void anEnvoyReplacesAWholePath(String path, String prefix) {
        assertThat(asEnvoy(new PathRewrite.Full("/new"), new Route.Prefix(prefix), path)).isEqualTo("/new");
        assertThat(asEnvoy(new PathRewrite.Prefix("/new"), new Route.Exact(path), path)).isEqualTo("/new");
    }

    /** As source/common/router/config_impl.cc has it. */
    private static String asEnvoy(PathRewrite rewrite, Route.PathMatch match, String path) {
        String prefix = PathRewrites.prefix(rewrite, match);
        if (prefix != null) {
            String matched = match instanceof Route.Prefix by ? by.prefix() : path;
            return prefix + path.substring(matched.length());
        }
        RegexMatchAndSubstitute regex = PathRewrites.regex(rewrite, match);
        return Pattern.compile(regex.getPattern().getRegex()).matcher(path).replaceAll(regex.getSubstitution());
    }
}
