package mesh.model;

import com.google.re2j.Pattern;

/** What a value must be. Compared with case, byte by byte; visible ASCII and spaces, 1 to 1024 of them. */
public sealed interface TextMatch {

    /** Whether a value is so. For what is asked rarely: the data plane compiles its own. */
    boolean matches(String value);

    /** In the words of the configuration, such as {@code exact "true"}. */
    String describe();

    record Exact(String text) implements TextMatch {
        public Exact {
            check("exact", text);
        }

        @Override
        public boolean matches(String value) {
            return value.equals(text);
        }

        @Override
        public String describe() {
            return "exact \"" + text + "\"";
        }
    }

    record Prefix(String text) implements TextMatch {
        public Prefix {
            check("prefix", text);
        }

        @Override
        public boolean matches(String value) {
            return value.startsWith(text);
        }

        @Override
        public String describe() {
            return "prefix \"" + text + "\"";
        }
    }

    record Suffix(String text) implements TextMatch {
        public Suffix {
            check("suffix", text);
        }

        @Override
        public boolean matches(String value) {
            return value.endsWith(text);
        }

        @Override
        public String describe() {
            return "suffix \"" + text + "\"";
        }
    }

    record Contains(String text) implements TextMatch {
        public Contains {
            check("contains", text);
        }

        @Override
        public boolean matches(String value) {
            return value.contains(text);
        }

        @Override
        public String describe() {
            return "contains \"" + text + "\"";
        }
    }

    /** An expression in RE2's syntax matches all of it. */
    record Regex(String regex) implements TextMatch {
        public Regex {
            Expressions.check("regex", regex);
        }

        @Override
        public boolean matches(String value) {
            return Pattern.matches(regex, value);
        }

        @Override
        public String describe() {
            return "regex \"" + regex + "\"";
        }
    }

    private static void check(String what, String text) {
        if (text.isEmpty() || text.length() > 1024 || !text.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            String shown = text.substring(0, Math.min(text.length(), 80)).replaceAll("[^ -~]", "?");
            throw new IllegalArgumentException(what + ": \"" + shown + "\" (expected: 1 to 1024 characters of visible ASCII)");
        }
    }
}
