package mesh.model;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * Regular expressions in RE2's syntax, which take time in proportion to the text and no more. What they take of memory is in proportion to
 * what they say, and one that counts can say much in few letters: {@code ((a{1000}){1000}){1000}} is a thousand million.
 */
public final class Expressions {

    private static final int MOST_CHARACTERS = 1024;
    /** Letters and classes, each as often as it is counted. */
    private static final long MOST_WEIGHT = 10_000;

    private Expressions() {}

    /**
     * @param what what it is, for the message
     * @return the compiled expression; throws an IllegalArgumentException that names it for one that is none, or too heavy
     */
    public static Pattern check(String what, String regex) {
        if (regex.isEmpty() || regex.length() > MOST_CHARACTERS) {
            throw new IllegalArgumentException(what + ": " + regex.length() + " characters (expected: 1 to " + MOST_CHARACTERS + ")");
        }
        if (new Weight(regex).of() > MOST_WEIGHT) {
            throw new IllegalArgumentException(what + ": \"" + regex + "\" counts too far (expected: repetitions of at most " + MOST_WEIGHT + " in all)");
        }
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(what + ": \"" + regex + "\" is none: " + e.getDescription() + " (expected: RE2's syntax)");
        }
    }

    /** Counts an expression without understanding more of it than groups, classes and repetitions. */
    private static final class Weight {

        private static final java.util.regex.Pattern REPETITION = java.util.regex.Pattern.compile("\\{([0-9]{1,9})(,([0-9]{0,9}))?}");

        private final String regex;
        private int at;

        Weight(String regex) {
            this.regex = regex;
        }

        /** Of what stands here, up to the end of the group. */
        long of() {
            long all = 0;
            long last = 0;
            while (at < regex.length() && regex.charAt(at) != ')') {
                java.util.regex.Matcher repetition = REPETITION.matcher(regex).region(at, regex.length());
                if (repetition.lookingAt()) {
                    last = capped(last * times(repetition));
                    at = repetition.end();
                } else {
                    all = capped(all + last);
                    last = atom();
                }
            }
            at++;
            return capped(all + last);
        }

        private static long times(java.util.regex.Matcher repetition) {
            String most = repetition.group(3);
            return Math.max(1, Math.max(Long.parseLong(repetition.group(1)), most == null || most.isEmpty() ? 0 : Long.parseLong(most)));
        }

        private long atom() {
            char c = regex.charAt(at++);
            if (c == '(') return of();
            if (c == '\\') at++;
            if (c == '[') skipClass();
            return 1;
        }

        /** The first bracket after the opening one is a letter. */
        private void skipClass() {
            if (at < regex.length() && regex.charAt(at) == '^') at++;
            for (int first = at; at < regex.length() && (regex.charAt(at) != ']' || at == first); at++) {
                if (regex.charAt(at) == '\\') at++;
            }
            at++;
        }

        private static long capped(long weight) {
            return Math.min(weight, MOST_WEIGHT + 1);
        }
    }
}
