package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.tracing.TraceId;
import mesh.time.Env;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases of the W3C's own test suite (w3c/trace-context, test/test.py), and of its text. */
class TraceContextTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String SPAN = "b7ad6b7169203331";
    private static final String PARENT = "00-" + TRACE + "-" + SPAN + "-01";

    private final RequestHead head = RequestHead.of("GET", "/", "payments");

    @Test
    void keepsTheTraceAndItsFlagsUnderANewSpan() {
        assertThat(propagate(PARENT)).matches("00-" + TRACE + "-[0-9a-f]{16}-01").doesNotContain(SPAN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cc-" + TRACE + "-" + SPAN + "-01", "cc-" + TRACE + "-" + SPAN + "-01-what-the-future-will-be", "01-" + TRACE + "-" + SPAN + "-01-"})
    void readsWhatItKnowsOfALaterVersionAndSpeaksItsOwn(String later) {
        assertThat(propagate(later, "vendor=1")).matches("00-" + TRACE + "-[0-9a-f]{16}-01");
        assertThat(states()).containsExactly("vendor=1");
    }

    @ParameterizedTest
    @CsvSource({"00,00", "01,01", "02,02", "03,03", "04,00", "fd,01", "ff,03"})
    void passesOnTheFlagsThatHaveAMeaning(String in, String out) {
        assertThat(propagate("00-" + TRACE + "-" + SPAN + "-" + in)).startsWith("00-" + TRACE).endsWith("-" + out);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "00", "00-" + TRACE + "-" + SPAN, PARENT + "-more", PARENT + ".", "0" + PARENT, "ff-" + TRACE + "-" + SPAN + "-01",
        "00-00000000000000000000000000000000-" + SPAN + "-01", "00-" + TRACE + "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" + SPAN + "-01", "00-" + TRACE + "-B7AD6B7169203331-01", "00-" + TRACE + "-" + SPAN + "-0A",
        "CC-" + TRACE + "-" + SPAN + "-01", ".0-" + TRACE + "-" + SPAN + "-01", "0.-" + TRACE + "-" + SPAN + "-01",
        "00_" + TRACE + "-" + SPAN + "-01", "00-" + TRACE + "_" + SPAN + "-01", "00-" + TRACE + "-" + SPAN + "_01",
        "00-.af7651916cd43dd8448eb211c80319c-" + SPAN + "-01", "00-" + TRACE + "-.7ad6b7169203331-01",
        "00-" + TRACE + "-" + SPAN + "-0g", "00-" + TRACE + "-" + SPAN + "-.0", "00-" + TRACE + "-" + SPAN + "-0.",
        "00-0af7651916cd43dd8448eb211c80319-" + SPAN + "-01", "00-" + TRACE + "0-" + SPAN + "-01", "00-" + TRACE + "-b7ad6b716920333-01",
        "00-" + TRACE + "-" + SPAN + "-1", "00-" + TRACE + "-" + SPAN + "-001", "cc-" + TRACE + "-" + SPAN + "-01.x", PARENT + "," + PARENT
    })
    void beginsATraceWhereNoneCanBeRead(String broken) {
        assertThat(propagate(broken, "vendor=1")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00").doesNotContain(TRACE);
        assertThat(states()).isEmpty();
    }

    @Test
    void beginsATraceWhereTwoAreBrought() {
        head.add(FieldName.TRACEPARENT, PARENT);
        assertThat(propagate(PARENT, "vendor=1")).doesNotContain(TRACE);
        assertThat(states()).isEmpty();
    }

    @Test
    void beginsATraceWhereOnlyAStateIsBrought() {
        head.add(FieldName.TRACESTATE, "vendor=1");
        new TraceContext(Env.system().random()).propagate(head);

        assertThat(head.get(FieldName.TRACEPARENT)).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00");
        assertThat(states()).isEmpty();
    }

    private static Stream<Arguments> goodStates() {
        return Stream.of(
            states("foo=1"), states("foo=1,bar=2"), states("foo=1 \t , \t bar=2, \t baz=3"), states("foo=1,"), states("foo=1", ""), states(""),
            states("foo=1", "bar=2", "baz=3,rojo=00f067aa0ba902b7"), states("foo=1,foo=1"), states("a-_*/9=!\"#$%&'()*+-./0~ z"),
            states("z".repeat(256) + "=1"), states("t".repeat(241) + "@" + "v".repeat(14) + "=1"), states("0tenant@vendor=1"),
            states("foo=" + "v".repeat(256)), states(members(32)), states(members(16), members(16)),
            states("longer-than-512=" + "v".repeat(250) + ",second=" + "v".repeat(250) + ",third=" + "v".repeat(250)));
    }

    @ParameterizedTest
    @MethodSource("goodStates")
    void passesOnTheStateAsItIs(List<String> state) {
        assertThat(propagate(PARENT, state.toArray(String[]::new))).contains(TRACE);
        assertThat(states()).isEqualTo(state);
    }

    private static Stream<Arguments> badStates() {
        return Stream.of(
            states("foo"), states("foo="), states("=1"), states("foo=,bar=3"), states("foo =1"), states("FOO=1"), states("foo.bar=1"),
            states("foo@=1,bar=2"), states("@foo=1"), states("foo@@bar=1"), states("foo@bar@baz=1"), states("0foo=1"), states("foo@0bar=1"),
            states("foo=bar=baz"), states("foo=caf\u00e9"), states("z".repeat(257) + "=1"), states("t".repeat(242) + "@v=1"),
            states("t@" + "v".repeat(15) + "=1"), states("foo=" + "v".repeat(257)), states(members(33)), states(members(16), members(17)),
            states("foo=1", "bar"), states(",".repeat(32)));
    }

    @ParameterizedTest
    @MethodSource("badStates")
    void keepsTheTraceWithoutAStateThatBreaksTheRules(List<String> state) {
        assertThat(propagate(PARENT, state.toArray(String[]::new))).contains(TRACE);
        assertThat(states()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"01,1", "03,3", "fd,1"})
    void recordsWhatTheCallerRecords(String flags, int on) {
        head.add(FieldName.TRACEPARENT, "00-" + TRACE + "-" + SPAN + "-" + flags);
        TraceId id = context().sampled(head, 0);

        assertThat(id).isEqualTo(new TraceId(0x0af7651916cd43ddL, 0x8448eb211c80319cL, 0xb7ad6b7169203331L, id.span(), on));
        context().propagate(head, id);
        assertThat(head.get(FieldName.TRACEPARENT)).isEqualTo("00-" + TRACE + "-" + HexFormat.of().toHexDigits(id.span()) + "-0" + on);
        context().call(head, id, 0xabcL);
        assertThat(head.get(FieldName.TRACEPARENT)).isEqualTo("00-" + TRACE + "-0000000000000abc-0" + on);
    }

    @Test
    void recordsNothingThatTheCallerDoesNot() {
        head.add(FieldName.TRACEPARENT, "00-" + TRACE + "-" + SPAN + "-02");
        assertThat(context().sampled(head, 1_000_000)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"249999,true", "250000,false"})
    void drawsWhetherToRecordWhatNobodyHasBegun(int drawn, boolean recorded) {
        head.add(FieldName.TRACEPARENT, "00-" + TRACE + "-0000000000000000-01");
        head.add(FieldName.TRACESTATE, "vendor=1");
        TraceContext context = new TraceContext(new ScriptedRandom(drawn, 11, 12, 13));
        TraceId id = context.sampled(head, 250_000);

        assertThat(id).isEqualTo(recorded ? new TraceId(11, 12, 0, 13, 1) : null);
        if (recorded) context.propagate(head, id);
        assertThat(states()).hasSize(recorded ? 0 : 1);
    }

    private static TraceContext context() {
        return new TraceContext(Env.system().random());
    }

    private static Arguments states(String... fields) {
        return Arguments.of(List.of(fields));
    }

    private static String members(int n) {
        return String.join(",", IntStream.range(0, n).mapToObj(i -> "bar" + i + "=" + i).toList());
    }

    private String propagate(String traceparent, String... state) {
        head.add(FieldName.TRACEPARENT, traceparent);
        for (String each : state) head.add(FieldName.TRACESTATE, each);
        new TraceContext(Env.system().random()).propagate(head);
        assertThat(head.indexOf(FieldName.TRACEPARENT, head.indexOf(FieldName.TRACEPARENT, 0) + 1)).isEqualTo(-1);
        return head.get(FieldName.TRACEPARENT);
    }

    private List<String> states() {
        List<String> found = new ArrayList<>();
        for (int at = head.indexOf(FieldName.TRACESTATE, 0); at >= 0; at = head.indexOf(FieldName.TRACESTATE, at + 1)) found.add(head.value(at));
        return found;
    }
}
