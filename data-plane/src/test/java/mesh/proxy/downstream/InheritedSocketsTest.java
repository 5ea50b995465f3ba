package mesh.proxy.downstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InheritedSocketsTest {

    @Test
    void whatIsForNobodyOrForAnotherProcessIsNotOurs() throws Exception {
        assertThat(InheritedSockets.descriptors(Map.of(), 7)).isEmpty();
        assertThat(InheritedSockets.descriptors(Map.of("LISTEN_FDS", "2"), 7)).isEmpty();
        assertThat(InheritedSockets.descriptors(Map.of("LISTEN_FDS", "2", "LISTEN_PID", "8"), 7)).isEmpty();
    }

    @Test
    void aNumberThatIsNoneIsRefused() {
        assertThatThrownBy(() -> InheritedSockets.descriptors(Map.of("LISTEN_FDS", "two", "LISTEN_PID", "7"), 7))
            .isInstanceOf(IOException.class).hasMessage("LISTEN_FDS: \"two\" (expected: a number of sockets, at most 1000)");
    }

    @Test
    void whatIsNotOpenIsRefused() {
        assertThatThrownBy(() -> InheritedSockets.descriptors(Map.of("LISTEN_FDS", "1000", "LISTEN_PID", "7"), 7))
            .isInstanceOf(IOException.class).hasMessageMatching("LISTEN_FDS: file descriptor \\d+ (is .*|blocks) \\(expected: .*\\)");
    }
}
