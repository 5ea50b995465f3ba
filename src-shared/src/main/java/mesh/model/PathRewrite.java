package mesh.model;

/** Another path in place of the one that came; the query stays. */
public sealed interface PathRewrite {

    /** What a {@link Prefix} takes the place of: the prefix by which the route matches, or null for the whole path. */
    static String replaced(Route.PathMatch match) {
        if (match instanceof Route.SegmentPrefix segments) return segments.prefix();
        return match instanceof Route.Prefix prefix ? prefix.prefix() : null;
    }

    /**
     * What the route has matched is replaced: a prefix, or the whole path where the route does not match by prefix. Where the rest begins
     * with a slash, or the matched prefix ended with one, there is exactly one slash between the two, as Gateway API's {@code
     * ReplacePrefixMatch} has it; else they are joined as they are.
     *
     * @param with begins with a slash
     */
    record Prefix(String with) implements PathRewrite {
        public Prefix {
            checkPath("rewrite prefix", with);
        }
    }

    /** The whole path is replaced. @param path begins with a slash */
    record Full(String path) implements PathRewrite {
        public Full {
            checkPath("rewrite path", path);
        }
    }

    /**
     * Each place that an expression matches is replaced, as by Envoy's {@code regex_rewrite}.
     *
     * @param regex        in RE2's syntax, at most 1024 characters
     * @param substitution {@code \1} to {@code \9} stand for groups, {@code \0} for all that was matched, {@code \\} for a backslash
     */
    record Regex(String regex, String substitution) implements PathRewrite {

        public Regex {
            int groups = Expressions.check("rewrite regex", regex).groupCount();
            StringBuilder literal = new StringBuilder();
            for (int i = 0; i < substitution.length(); i++) {
                char c = substitution.charAt(i);
                if (c != '\\') {
                    literal.append(c);
                    continue;
                }
                char named = ++i < substitution.length() ? substitution.charAt(i) : 0;
                if (named != '\\' && (named < '0' || named > '0' + groups || named > '9')) {
                    throw new IllegalArgumentException("rewrite substitution: \"" + substitution + "\" (expected: a backslash only before another, or before"
                        + " a group from 0 to " + Math.min(groups, 9) + ")");
                }
            }
            checkCharacters("rewrite substitution", substitution, literal.toString());
        }
    }

    private static void checkPath(String what, String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException(what + ": \"" + path + "\" (expected: begins with /)");
        }
        checkCharacters(what, path, path);
        if (path.matches(".*%(?![0-9A-Fa-f]{2}).*|.*%00.*") || path.matches("(.*/)?(\\.|%2[eE]){1,2}(/.*)?")) {
            throw new IllegalArgumentException(what + ": \"" + path + "\" (expected: escapes of two digits, and no dot segments)");
        }
    }

    private static void checkCharacters(String what, String whole, String literal) {
        if (!literal.matches("[A-Za-z0-9._~!$&'()*+,;=:@/%-]*")) {
            throw new IllegalArgumentException(what + ": \"" + whole + "\" (expected: characters of a path, others escaped, no ? and no #)");
        }
    }
}
