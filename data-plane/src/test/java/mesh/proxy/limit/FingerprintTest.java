package mesh.proxy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FingerprintTest {

    @Test
    void dependsOnEveryByteItsPlaceAndTheLength() {
        Set<Long> seen = new HashSet<>();
        int made = 0;
        for (int length = 0; length < 40; length++) {
            byte[] bytes = new byte[length];
            seen.add(Fingerprint.of(bytes, 0, length));
            made++;
            for (int i = 0; i < length; i++, made++) {
                bytes[i] = 1;
                seen.add(Fingerprint.of(bytes, 0, length));
                bytes[i] = 0;
            }
        }
        assertThat(seen).hasSize(made).doesNotContain(0L);
    }

    @Test
    void isTheSameWhereverTheBytesLie() {
        byte[] text = "..spiffe://mesh.local/web..".getBytes(StandardCharsets.US_ASCII);
        byte[] alone = "spiffe://mesh.local/web".getBytes(StandardCharsets.US_ASCII);
        assertThat(Fingerprint.of(text, 2, text.length - 2)).isEqualTo(Fingerprint.of(alone, 0, alone.length));
    }

    @Test
    void isAnotherUnderAnotherKey() {
        byte[] bytes = {1, 2, 3};
        assertThat(Fingerprint.of(bytes, 0, 3, 1, 2)).isNotEqualTo(Fingerprint.of(bytes, 0, 3, 1, 3)).isNotEqualTo(Fingerprint.of(bytes, 0, 3, 0, 2));
    }
}
