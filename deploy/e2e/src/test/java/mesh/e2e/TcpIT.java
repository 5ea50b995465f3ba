package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TCP through two sidecars with mTLS between them. */
class TcpIT {

    @TempDir
    private Path dir;

    @Test
    void oneSideMayEndItsHalfAndStillHearTheOther() throws Exception {
        // Answers only when its client has said everything, with more than any buffer on the way holds.
        try (Sockets application = new Sockets((socket, in, out) -> {
            byte[] all = in.readAllBytes();
            for (int i = 0; i < 1000; i++) out.write(Arrays.copyOf(all, 10_000));
            socket.shutdownOutput();
            Thread.sleep(200);
        }); TestMesh mesh = new TestMesh(dir).tcp()) {
            mesh.web().payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            for (int i = 0; i < 3; i++) {
                try (Socket client = Sockets.connect(mesh.outbound())) {
                    client.getOutputStream().write("everything".getBytes(StandardCharsets.US_ASCII));
                    client.shutdownOutput();
                    byte[] answer = client.getInputStream().readAllBytes();
                    assertThat(answer).hasSize(10_000_000).startsWith("everything".getBytes(StandardCharsets.US_ASCII));
                }
            }
        }
    }

    @Test
    void theServerMayEndItsHalfFirst() throws Exception {
        byte[] sent = new byte[3_000_000];
        new Random(1).nextBytes(sent);
        byte[][] received = new byte[1][];
        Object done = new Object();
        try (Sockets application = new Sockets((socket, in, out) -> {
            out.write("hello".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            byte[] all = in.readAllBytes();
            synchronized (done) {
                received[0] = all;
                done.notifyAll();
            }
        }); TestMesh mesh = new TestMesh(dir).tcp()) {
            mesh.web().payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            try (Socket client = Sockets.connect(mesh.outbound())) {
                assertThat(client.getInputStream().readAllBytes()).isEqualTo("hello".getBytes(StandardCharsets.US_ASCII));
                client.getOutputStream().write(sent);
                client.shutdownOutput();
                synchronized (done) {
                    if (received[0] == null) done.wait(20_000);
                }
                assertThat(received[0]).isEqualTo(sent);
            }
        }
    }

    @Test
    void aBreakOnOneSideBreaksTheOther() throws Exception {
        try (Sockets application = new Sockets((socket, in, out) -> {
            out.write("half an ans".getBytes(StandardCharsets.US_ASCII));
            in.read();
            socket.setSoLinger(true, 0);
        }); TestMesh mesh = new TestMesh(dir).tcp()) {
            mesh.web().payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            try (Socket client = Sockets.connect(mesh.outbound())) {
                assertThat(client.getInputStream().readNBytes(11)).hasSize(11);
                client.getOutputStream().write(1);
                assertThatThrownBy(() -> {
                    if (client.getInputStream().read() < 0) throw new AssertionError("a clean end of an answer that was cut");
                }).isInstanceOf(IOException.class);
            }
        }
    }
}
