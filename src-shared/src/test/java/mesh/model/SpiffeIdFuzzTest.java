package mesh.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import mesh.fuzz.ShortRun;
import org.junit.jupiter.api.Test;

/** An identity is read if and only if the SPIFFE-ID standard's grammar has it, and is the same text again when it is written. */
class SpiffeIdFuzzTest {

    /** Section 2, made from the standard and not from the parser. */
    private static final Pattern GRAMMAR = Pattern.compile("spiffe://[a-z0-9._-]{1,255}(?:/(?!\\.{1,2}(?:/|\\z))[A-Za-z0-9._-]+)+");
    private static final int MAX_BYTES = 2048;

    @Test
    void isReadAsTheStandardSays() {
        ShortRun.of(SpiffeIdFuzzTest.class, 50_000, SpiffeIdFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        boolean expected = text.length() <= MAX_BYTES && GRAMMAR.matcher(text).matches();
        try {
            assertThat(SpiffeId.parse(text)).hasToString(text);
            assertThat(expected).as(text).isTrue();
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("(expected: ");
            assertThat(expected).as(text).isFalse();
        }
    }
}
