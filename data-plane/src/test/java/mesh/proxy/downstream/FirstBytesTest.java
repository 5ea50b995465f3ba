package mesh.proxy.downstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import mesh.proxy.ClientHello;
import mesh.proxy.downstream.FirstBytes.Finding;
import mesh.proxy.downstream.FirstBytes.Protocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FirstBytesTest {

    private static Protocol protocol(String text) {
        return FirstBytes.look(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1)).protocol();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\n", "M-SEARCH * HTTP/1.1\r\nHost: a", "OPTIONS http://a/ HTTP/1.0\n", "PRI / HTTP/1.1\r\n"})
    void aRequestLineIsHttp(String text) {
        assertThat(protocol(text)).isEqualTo(Protocol.HTTP_1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"EHLO example.com\r\n", "PING\r\n", "GET key\r\n", "GET HTTP/1.1\r\n", "GET / HTTP/2.0\r\n", "get / HTTP/1.1\r\n", " ", "\0",
        "*1\r\n$4\r\nPING\r\n", "GET / HTTP/1.1 \r\n", "\u0016\u0002", "\u0016\u0003\u0001\0\0"})
    void anythingElseIsNot(String text) {
        assertThat(protocol(text)).isEqualTo(Protocol.OTHER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G", "GET ", "GET / HTTP/1.1", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", "\u0016\u0003\u0001\u0002\0\u0001"})
    void whatMayBecomeOneIsWaitedFor(String text) {
        assertThat(protocol(text)).isEqualTo(Protocol.UNDECIDED);
    }

    @Test
    void thePrefaceIsHttp2() {
        assertThat(protocol("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).isEqualTo(Protocol.HTTP_2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "shop.example", "Shop.EXAMPLE"})
    void tlsSaysWhomItAsksFor(String name) throws Exception {
        byte[] hello = ClientHello.of(name);
        assertThat(FirstBytes.look(Unpooled.wrappedBuffer(hello))).isEqualTo(new Finding(Protocol.TLS, name.toLowerCase(java.util.Locale.ROOT)));
        assertThat(FirstBytes.look(Unpooled.wrappedBuffer(hello, 0, hello.length - 1)).protocol()).isEqualTo(Protocol.UNDECIDED);
    }

    @Test
    void aHelloMayComeInSeveralRecords() throws Exception {
        byte[] hello = ClientHello.of("shop.example");
        ByteBuf records = Unpooled.buffer();
        for (int at = 5; at < hello.length; at += 100) {
            int part = Math.min(100, hello.length - at);
            records.writeBytes(hello, 0, 3).writeShort(part).writeBytes(hello, at, part);
        }
        assertThat(FirstBytes.look(records)).isEqualTo(new Finding(Protocol.TLS, "shop.example"));
    }

    @Test
    void nobodyIsWaitedForEndlessly() {
        assertThat(protocol("GET /" + "a".repeat(FirstBytes.MOST))).isEqualTo(Protocol.OTHER);
        assertThat(protocol("A".repeat(33))).isEqualTo(Protocol.OTHER);
        assertThat(protocol("\u0016\u0003\u0001\u0010\0\u0001\u0001\0\0")).as("a hello of 64 KiB").isEqualTo(Protocol.TLS);
    }
}
