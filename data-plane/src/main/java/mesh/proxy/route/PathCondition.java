package mesh.proxy.route;

import com.google.re2j.Pattern;
import java.nio.charset.StandardCharsets;
import mesh.model.Route;
import mesh.model.Route.PathMatch;
import mesh.proxy.http.RequestHead;

/** What a route asks of the path. All but an expression is asked of many routes at once, by {@link PathTree}. */
final class PathCondition implements Condition {

    private final PathMatch match;
    /** Of an exact path or a prefix. */
    private final byte[] text;
    /** Null where there is no expression. */
    private final Pattern pattern;

    PathCondition(PathMatch match) {
        this.match = match;
        this.pattern = match instanceof Route.Regex regex ? Pattern.compile(regex.regex()) : null;
        this.text = textOf(match).getBytes(StandardCharsets.UTF_8);
    }

    private static String textOf(PathMatch match) {
        if (match instanceof Route.Exact exact) return exact.path();
        if (match instanceof Route.Prefix prefix) return prefix.prefix();
        return match instanceof Route.SegmentPrefix segments ? segments.prefix() : "";
    }

    PathMatch match() {
        return match;
    }

    byte[] text() {
        return text;
    }

    boolean isExpression() {
        return pattern != null;
    }

    @Override
    public boolean holds(RequestHead head) {
        if (pattern != null) return pattern.matches(head.path());
        if (match instanceof Route.Exact) return head.pathIs(text);
        if (!head.pathStartsWith(text)) return false;
        return match instanceof Route.Prefix || head.pathLength() == text.length || head.text()[head.targetStart() + text.length] == '/';
    }

    @Override
    public String subject() {
        return "path";
    }

    @Override
    public String expected() {
        return match.describe();
    }

    @Override
    public String found(RequestHead head) {
        return "\"" + head.path() + "\"";
    }
}
