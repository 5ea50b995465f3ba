package mesh.proxy.filter;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.nio.charset.StandardCharsets;
import mesh.model.PathRewrite;
import mesh.model.Route;
import mesh.proxy.http.RequestHead;

/** Puts another path in place of the one that was asked for. Immutable. */
public final class TargetRewrite {

    /** A path that grows beyond this is none: an expression may put a group in many places. */
    private static final int MOST = 16 * 1024;

    /** What comes in place, or null where an expression says it. */
    private final byte[] with;
    /** The same where its last slash would be a second one. */
    private final byte[] withoutSlash;
    /** How much of the path it takes the place of, without a slash at the end; -1 for all of it. */
    private final int replaced;
    private final Pattern pattern;
    private final String substitution;

    /** @param match of the route, which has matched whatever is rewritten */
    public TargetRewrite(PathRewrite rewrite, Route.PathMatch match) {
        PathRewrite.Regex regex = rewrite instanceof PathRewrite.Regex expression ? expression : null;
        String prefix = rewrite instanceof PathRewrite.Prefix ? PathRewrite.replaced(match) : null;
        String path = rewrite instanceof PathRewrite.Full full ? full.path() : rewrite instanceof PathRewrite.Prefix one ? one.with() : "";
        this.with = path.getBytes(StandardCharsets.US_ASCII);
        this.withoutSlash = withoutSlash(path).getBytes(StandardCharsets.US_ASCII);
        this.replaced = prefix == null ? -1 : withoutSlash(prefix).getBytes(StandardCharsets.UTF_8).length;
        this.pattern = regex == null ? null : Pattern.compile(regex.regex());
        this.substitution = regex == null ? null : regex.substitution();
    }

    private static String withoutSlash(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    /** @return false when what would come out is no path, or has dot segments in it; the head is as it was */
    public boolean apply(RequestHead head) {
        int length = head.pathLength();
        if (pattern != null) {
            String path = substitute(head.path());
            return path.length() <= MOST && head.rewritePath(path.getBytes(StandardCharsets.ISO_8859_1), length);
        }
        if (replaced < 0) return head.rewritePath(with, length);
        // All that was matched, and more: what follows says whether there is a slash already.
        boolean slash = replaced < length && head.text()[head.targetStart() + replaced] == '/';
        return head.rewritePath(slash ? withoutSlash : with, replaced);
    }

    private String substitute(String path) {
        Matcher matcher = pattern.matcher(path);
        StringBuilder out = new StringBuilder(path.length() + 32);
        int from = 0;
        while (out.length() <= MOST && matcher.find()) {
            out.append(path, from, matcher.start());
            appendSubstitution(out, matcher);
            from = matcher.end();
        }
        return out.append(path, from, path.length()).toString();
    }

    private void appendSubstitution(StringBuilder out, Matcher matcher) {
        for (int i = 0; i < substitution.length(); i++) {
            char c = substitution.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char named = substitution.charAt(++i);
            if (named == '\\') out.append(named);
            else out.append(group(matcher, named - '0'));
        }
    }

    /** Empty where the group took no part in the match. */
    private static String group(Matcher matcher, int number) {
        String group = matcher.group(number);
        return group == null ? "" : group;
    }
}
