package mesh.proxy.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import mesh.model.ProxyProtocol.Version;
import mesh.proxy.ends.ProxyHeader.Outcome;
import mesh.proxy.ends.ProxyHeader.Read;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {

    private static final String V2 = "0d0a0d0a000d0a515549540a";
    private static final Ends IPV4 = new Ends(new InetSocketAddress("203.0.113.7", 51000), new InetSocketAddress("10.0.0.1", 443));
    private static final Ends IPV6 = new Ends(new InetSocketAddress("2001:db8::7", 1), new InetSocketAddress("fd00::1", 65535));

    private static Read line(String text) {
        return ProxyHeader.read(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    private static Read binary(String hex) {
        return ProxyHeader.read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
    }

    /** The examples of the protocol's own document, section 2.1. */
    @ParameterizedTest
    @CsvSource({
        "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535, 255.255.255.255:65535",
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443, 192.168.0.1:56324",
        "PROXY TCP6 2001:db8::7 ::1 0 1, [2001:db8:0:0:0:0:0:7]:0"})
    void aLineSaysWho(String line, String source) {
        Read read = line(line + "\r\nGET / HTTP/1.1\r\n");
        assertThat(read.outcome()).isEqualTo(Outcome.COMPLETE);
        assertThat(read.bytes()).isEqualTo(line.length() + 2);
        assertThat(read.ends().source().toString()).endsWith(source);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\n"})
    void aLineMaySayNothing(String line) {
        assertThat(line(line)).isEqualTo(new Read(Outcome.COMPLETE, line.length(), null, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\n",
        "PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n",
        "PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n",
        "PROXY TCP4  10.0.0.1 10.0.0.2 1 2\r\n",
        "PROXY TCP4 10.0.0.256 10.0.0.2 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 10.0.0.1 10.0.0.2 1 2\r\n",
        "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        "PROXY TCP4 10.0.0.1 10.0.0.2 65536 2\r\n",
        "PROXY TCP4 10.0.0.1 10.0.0.2 01 2\r\n",
        "PROXY TCP4 10.0.0.1 10.0.0.2 -1 2\r\n",
        "PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n",
        "PROXY \r\n"})
    void aLineThatSaysSomethingElseIsBroken(String line) {
        assertThat(line(line).outcome()).isEqualTo(Outcome.BROKEN);
    }

    @Test
    void aLineEndsWithinAHundredAndSevenBytes() {
        String longest = "PROXY UNKNOWN " + "x".repeat(91) + "\r\n";
        assertThat(line(longest).bytes()).isEqualTo(107);
        assertThat(line(longest.replace("\r", "x\r")).outcome()).isEqualTo(Outcome.BROKEN);
        assertThat(line(longest.substring(0, 106)).outcome()).isEqualTo(Outcome.INCOMPLETE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\n", "PROXX", "PROXYTCP4 ", "\u0016\u0003\u0001", "\r\n\r\nx"})
    void whatBeginsOtherwiseIsNoHeader(String text) {
        assertThat(line(text).outcome()).isEqualTo(Outcome.NONE);
    }

    @Test
    void versionTwoSaysWhoAndMore() {
        assertThat(binary(V2 + "2111" + "000f" + "cb007107" + "0a000001" + "c738" + "01bb" + "040000" + "4745"))
            .isEqualTo(new Read(Outcome.COMPLETE, 31, IPV4, null));
        assertThat(binary(V2 + "2121" + "0024" + "20010db8000000000000000000000007" + "fd000000000000000000000000000001" + "0001" + "ffff"))
            .isEqualTo(new Read(Outcome.COMPLETE, 52, IPV6, null));
    }

    @Test
    void versionTwoMaySayNothing() {
        assertThat(binary(V2 + "20000000")).as("local").isEqualTo(new Read(Outcome.COMPLETE, 16, null, null));
        assertThat(binary(V2 + "20ff0002" + "abcd")).as("local, whatever follows").isEqualTo(new Read(Outcome.COMPLETE, 18, null, null));
        assertThat(binary(V2 + "21000000")).as("of no family").isEqualTo(new Read(Outcome.COMPLETE, 16, null, null));
        assertThat(binary(V2 + "213100d8" + "00".repeat(216))).as("a unix socket").isEqualTo(new Read(Outcome.COMPLETE, 232, null, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1111000c", "2211000c", "2112000c", "2111000b", "21210023", "213100d7", "21110ff1", "2111ffff", "20000ff1"})
    void versionTwoIsOfThatFormOrBroken(String head) {
        assertThat(binary(V2 + head).outcome()).isEqualTo(Outcome.BROKEN);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrittenIsReadAgainAndNoPartOfItIs(Version version) {
        for (Ends ends : new Ends[] {IPV4, IPV6, null, new Ends(IPV4.source(), IPV6.destination())}) {
            ByteBuf header = Unpooled.buffer();
            ProxyHeader.write(version, ends, header);
            Read read = ProxyHeader.read(header);
            assertThat(read.outcome()).isEqualTo(Outcome.COMPLETE);
            assertThat(read.bytes()).isEqualTo(header.readableBytes());
            assertThat(read.ends()).isEqualTo(ends);
            for (int i = 0; i < read.bytes(); i++) assertThat(ProxyHeader.read(header.slice(0, i)).outcome()).isEqualTo(Outcome.INCOMPLETE);
        }
    }
}
