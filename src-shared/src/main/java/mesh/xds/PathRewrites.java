package mesh.xds;

import com.google.re2j.Pattern;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import java.util.Set;
import mesh.model.PathRewrite;
import mesh.model.PathRewrite.Full;
import mesh.model.PathRewrite.Prefix;
import mesh.model.PathRewrite.Regex;
import mesh.model.Route.PathMatch;

/**
 * Rewrites of a path as Envoy's {@code prefix_rewrite} and {@code regex_rewrite}. Envoy puts a prefix in a prefix's place and looks at no
 * slash; where that would make two of them, or none, of one, the same is said with an expression.
 */
final class PathRewrites {

    private static final String WHOLE = "^.*$";

    private PathRewrites() {}

    /** Null where {@link #regex} says it. */
    static String prefix(PathRewrite rewrite, PathMatch match) {
        return rewrite instanceof Prefix prefix && isLiteral(prefix.with(), PathRewrite.replaced(match)) ? prefix.with() : null;
    }

    static RegexMatchAndSubstitute regex(PathRewrite rewrite, PathMatch match) {
        if (rewrite instanceof Full full) return message(WHOLE, full.path());
        if (rewrite instanceof Regex regex) return message(regex.regex(), regex.substitution());
        String with = ((Prefix) rewrite).with();
        return message(joining(with, PathRewrite.replaced(match)), with);
    }

    private static RegexMatchAndSubstitute message(String regex, String substitution) {
        return RegexMatchAndSubstitute.newBuilder()
            .setPattern(RegexMatcher.newBuilder().setRegex(regex)).setSubstitution(substitution).build();
    }

    /** Whether one may simply stand where the other stood. */
    private static boolean isLiteral(String with, String replaced) {
        return replaced == null || with.endsWith("/") == replaced.endsWith("/");
    }

    /** What is replaced, so that one slash follows it: without its own, or with the next one. */
    private static String joining(String with, String replaced) {
        return with.endsWith("/") ? "^" + Pattern.quote(replaced) + "/?" : "^" + Pattern.quote(replaced.substring(0, replaced.length() - 1));
    }

    /** Null when problems were noted. */
    static PathRewrite decodePrefix(String with, PathMatch match, Reading reading) {
        String replaced = PathRewrite.replaced(match);
        return isLiteral(with, replaced) ? reading.check(() -> new Prefix(with))
            : reading.check(() -> new Regex("^" + Pattern.quote(replaced), with.replace("\\", "\\\\")));
    }

    /** Null when problems were noted. */
    static PathRewrite decodeRegex(RegexMatchAndSubstitute message, PathMatch match, Reading reading) {
        reading.at("pattern").only(message.getPattern(), Set.of("regex", "google_re2"));
        String regex = message.getPattern().getRegex();
        String with = message.getSubstitution();
        String replaced = PathRewrite.replaced(match);
        boolean plain = with.startsWith("/") && with.indexOf('\\') < 0;
        if (plain && regex.equals(WHOLE)) return reading.check(() -> new Full(with));
        if (plain && !isLiteral(with, replaced) && regex.equals(joining(with, replaced))) return reading.check(() -> new Prefix(with));
        return reading.check(() -> new Regex(regex, with));
    }
}
