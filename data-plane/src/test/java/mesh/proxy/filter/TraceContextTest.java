package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.time.Env;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String SPAN = "b7ad6b7169203331";

    private final RequestHead head = RequestHead.of("GET", "/", "payments");

    @Test
    void keepsTheTraceAndItsFlagsUnderANewSpan() {
        String next = propagate("00-" + TRACE + "-" + SPAN + "-01");

        assertThat(next).matches("00-" + TRACE + "-[0-9a-f]{16}-01").doesNotContain(SPAN);
        assertThat(head.get(FieldName.TRACESTATE)).isEqualTo("vendor=1");
    }

    @Test
    void readsWhatItKnowsOfALaterVersion() {
        assertThat(propagate("cc-" + TRACE + "-" + SPAN + "-01-what-the-future-will-be")).matches("00-" + TRACE + "-[0-9a-f]{16}-01");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "00", "00-" + TRACE + "-" + SPAN, "00-" + TRACE + "-" + SPAN + "-01-more", "ff-" + TRACE + "-" + SPAN + "-01",
        "00-00000000000000000000000000000000-" + SPAN + "-01", "00-" + TRACE + "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" + SPAN + "-01", "00_" + TRACE + "-" + SPAN + "-01",
        "cc-" + TRACE + "-" + SPAN + "-01.x", "00-" + TRACE + "-" + SPAN + "-0g"
    })
    void beginsATraceWhereNoneCanBeRead(String broken) {
        assertThat(propagate(broken)).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00").doesNotContain(TRACE);
        assertThat(head.contains(FieldName.TRACESTATE)).isFalse();
    }

    @Test
    void beginsATraceWhereTwoAreBrought() {
        head.add(FieldName.TRACEPARENT, "00-" + TRACE + "-" + SPAN + "-01");
        assertThat(propagate("00-" + TRACE + "-" + SPAN + "-01")).doesNotContain(TRACE);
    }

    private String propagate(String traceparent) {
        head.add(FieldName.TRACEPARENT, traceparent);
        head.add(FieldName.TRACESTATE, "vendor=1");
        new TraceContext(Env.system().random()).propagate(head);
        assertThat(head.indexOf(FieldName.TRACEPARENT, head.indexOf(FieldName.TRACEPARENT, 0) + 1)).isEqualTo(-1);
        return head.get(FieldName.TRACEPARENT);
    }
}
