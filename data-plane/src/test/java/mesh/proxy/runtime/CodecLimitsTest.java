package mesh.proxy.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import mesh.model.HttpLimits;
import mesh.proxy.http1.Http1Limits;
import mesh.proxy.http2.Http2Limits;
import org.junit.jupiter.api.Test;

class CodecLimitsTest {

    @Test
    void defaultsAreTheCodecsOwn() {
        assertThat(CodecLimits.of(HttpLimits.DEFAULT)).isEqualTo(new CodecLimits(Http1Limits.DEFAULT, Http2Limits.SERVER));
    }

    @Test
    void eachReachesBothCodecsWhereBothHaveIt() {
        CodecLimits limits = CodecLimits.of(new HttpLimits(2, 7, 3, Duration.ofSeconds(4), Duration.ofSeconds(5)));
        assertThat(limits.http1().headBytes()).isEqualTo(limits.http2().headBytes()).isEqualTo(2048);
        assertThat(limits.http1().requestLineBytes()).as("no more than the head").isEqualTo(2048);
        assertThat(limits.http1().fields()).isEqualTo(limits.http2().fields()).isEqualTo(7);
        assertThat(limits.http2().streams()).isEqualTo(3);
        assertThat(limits.http1().head()).isEqualTo(limits.http2().head()).isEqualTo(Duration.ofSeconds(4));
        assertThat(limits.http1().idle()).isEqualTo(limits.http2().idle()).isEqualTo(Duration.ofSeconds(5));
    }
}
