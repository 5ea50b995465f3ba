package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XxHash64Test {

    /** Of the reference implementation: every branch for the rest, and more than one stripe. */
    @ParameterizedTest
    @CsvSource({
        "'',ef46db3751d8e999", "a,d24ec4f1a98c6e5b", "as,1c330fb2d66be179", "asd,631c37ce72a97393", "asdf,415872f599cea71e",
        "'Call me Ishmael. Some years ago--never mind how long precisely-',02a2e85470d6fd96"})
    void isTheReferencesHash(String text, String hex) {
        assertThat(XxHash64.of(text)).isEqualTo(Long.parseUnsignedLong(hex, 16));
    }

    @Test
    void looksOnlyAtItsPartOfTheBytes() {
        byte[] bytes = "xx10.0.0.1:80_17xx".getBytes(StandardCharsets.US_ASCII);
        assertThat(XxHash64.of(bytes, 2, bytes.length - 2, 0)).isEqualTo(XxHash64.of("10.0.0.1:80_17"));
        assertThat(XxHash64.of(bytes, 2, bytes.length - 2, 1)).isNotEqualTo(XxHash64.of("10.0.0.1:80_17"));
    }
}
