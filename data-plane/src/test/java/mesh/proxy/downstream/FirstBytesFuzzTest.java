package mesh.proxy.downstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import mesh.fuzz.ShortRun;
import mesh.proxy.downstream.FirstBytes.Finding;
import mesh.proxy.downstream.FirstBytes.Protocol;
import org.junit.jupiter.api.Test;

/** What first bytes tell is told by any number of them that tells anything, and whatever they are. */
class FirstBytesFuzzTest {

    @Test
    void isTheSameWhereverTheyAreCut() {
        ShortRun.of(FirstBytesFuzzTest.class, 10_000, FirstBytesFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        Finding whole = FirstBytes.look(Unpooled.wrappedBuffer(input));
        for (int i = 0; i < input.length; i++) {
            Finding part = FirstBytes.look(Unpooled.wrappedBuffer(input, 0, i));
            if (part.protocol() != Protocol.UNDECIDED) assertThat(part).as("%d bytes", i).isEqualTo(whole);
        }
    }
}
