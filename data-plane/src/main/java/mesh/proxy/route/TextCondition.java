package mesh.proxy.route;

import com.google.re2j.Pattern;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import mesh.model.TextMatch;

/** What a value must be, compared where its bytes lie; only an expression makes a string of them. */
final class TextCondition {

    private enum Kind { EXACT, PREFIX, SUFFIX, CONTAINS, REGEX }

    private final Kind kind;
    private final byte[] text;
    private final Pattern pattern;

    TextCondition(TextMatch match) {
        String literal = "";
        Pattern expression = null;
        if (match instanceof TextMatch.Exact exact) {
            kind = Kind.EXACT;
            literal = exact.text();
        } else if (match instanceof TextMatch.Prefix prefix) {
            kind = Kind.PREFIX;
            literal = prefix.text();
        } else if (match instanceof TextMatch.Suffix suffix) {
            kind = Kind.SUFFIX;
            literal = suffix.text();
        } else if (match instanceof TextMatch.Contains contains) {
            kind = Kind.CONTAINS;
            literal = contains.text();
        } else {
            kind = Kind.REGEX;
            expression = Pattern.compile(((TextMatch.Regex) match).regex());
        }
        text = literal.getBytes(StandardCharsets.US_ASCII);
        pattern = expression;
    }

    boolean holds(byte[] bytes, int from, int to) {
        return switch (kind) {
            case EXACT -> Arrays.equals(bytes, from, to, text, 0, text.length);
            case PREFIX -> stands(bytes, from, to, from);
            case SUFFIX -> stands(bytes, from, to, to - text.length);
            case CONTAINS -> isIn(bytes, from, to);
            case REGEX -> pattern.matches(new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
        };
    }

    private boolean stands(byte[] bytes, int from, int to, int at) {
        return at >= from && at + text.length <= to && Arrays.equals(bytes, at, at + text.length, text, 0, text.length);
    }

    private boolean isIn(byte[] bytes, int from, int to) {
        for (int at = from; at + text.length <= to; at++) {
            if (stands(bytes, from, to, at)) return true;
        }
        return false;
    }
}
