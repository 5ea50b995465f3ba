package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Bytes on the wire, written readably: {@code ¶} is CR LF, {@code ␍ ␊ ␀ ␉ ␠ ␡ ␛} are the control characters they picture, the rest is ISO-8859-1. */
final class Wire {

    private Wire() {}

    static String text(String readable) {
        return readable.replace("¶", "\r\n").replace('␍', '\r').replace('␊', '\n').replace('␀', '\0').replace('␉', '\t').replace('␠', ' ')
            .replace('␡', (char) 0x7f).replace('␛', (char) 0x1b);
    }

    static String readable(String text) {
        return text.replace("\r\n", "¶").replace('\r', '␍').replace('\n', '␊').replace('\0', '␀').replace('\t', '␉');
    }

    static ByteBuf bytes(String readable) {
        return Unpooled.wrappedBuffer(text(readable).getBytes(StandardCharsets.ISO_8859_1));
    }
}
