package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import mesh.model.AccessLogPolicy;
import mesh.model.AccessLogPolicy.Format;
import mesh.model.Percent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessLogFlagTest {

    @ParameterizedTest
    @CsvSource({
        "true, TEXT, /dev/stdout",
        "text, TEXT, /dev/stdout",
        "json, JSON, /dev/stdout",
        "json:stderr, JSON, /dev/stderr",
        "text:/var/log/a.log, TEXT, /var/log/a.log",
    })
    void saysFormatAndFile(String flag, Format format, String file) {
        assertThat(AccessLogFlag.parse(flag).log()).contains(new AccessLogPolicy(format, file, Percent.ALL, true));
    }

    @Test
    void aFileIsOfTheDirectoryInWhichItIsStarted() {
        assertThat(AccessLogFlag.parse("json:a.log").log().orElseThrow().file()).isEqualTo(Path.of("a.log").toAbsolutePath().toString());
    }

    @Test
    void falseIsNone() {
        assertThat(AccessLogFlag.parse("false").log()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"xml", "json:", "false:a.log"})
    void namesWhatItCannotRead(String flag) {
        assertThatThrownBy(() -> AccessLogFlag.parse(flag)).hasMessage("\"" + flag + "\" (expected: text, json or false, and after text: or json: a file)");
    }
}
