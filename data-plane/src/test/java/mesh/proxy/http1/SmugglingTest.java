package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The known ways to make two servers disagree on where a request ends. Each row goes through a server and a client connection; what
 * reaches the upstream is read by {@link RequestOracle}, and must be the requests of the row with their bodies, and not a byte besides.
 */
class SmugglingTest {

    private static final String EVIL = "GET /evil HTTP/1.1¶Host: h¶¶";

    private final List<String> arrived = new ArrayList<>();
    private final StringBuilder wire = new StringBuilder();
    private EmbeddedChannel upstream;
    private EmbeddedChannel downstream;

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
        # Two lengths
        CL.TE                      | Content-Length: 4¶Transfer-Encoding: chunked¶¶0¶¶EVIL                     | refused
        TE.CL                      | Transfer-Encoding: chunked¶Content-Length: 4¶¶0¶¶EVIL                     | refused
        CL.CL                      | Content-Length: 0¶Content-Length: 28¶¶EVIL                                | refused
        CL list                    | Content-Length: 0, 28¶¶EVIL                                               | refused
        CL sign                    | Content-Length: +28¶¶EVIL                                                 | refused
        CL octal or decimal        | Content-Length: 010¶¶0123456789                                           | POST /a 0123456789
        CL hex                     | Content-Length: 0x1c¶¶EVIL                                                | refused
        CL wraps around 32 bits    | Content-Length: 4294967296¶¶EVIL                                          | awaits the rest
        CL wraps around 64 bits    | Content-Length: 18446744073709551616¶¶EVIL                                | refused
        CL folded                  | Content-Length:¶ 28¶¶EVIL                                                 | refused
        # Hidden codings
        TE with a space            | Transfer-Encoding : chunked¶¶0¶¶EVIL                                      | refused
        TE with a tab behind       | Transfer-Encoding: chunked␉¶¶0¶¶                                          | POST /a
        TE with a form feed        | Transfer-Encoding: \fchunked¶¶0¶¶EVIL                                     | refused
        TE with a NUL              | Transfer-Encoding: chunked␀¶¶0¶¶EVIL                                      | refused
        TE quoted                  | Transfer-Encoding: "chunked"¶¶0¶¶EVIL                                     | refused
        TE not quite               | Transfer-Encoding: xchunked¶Content-Length: 5¶¶EVIL                       | refused
        TE twice                   | Transfer-Encoding: chunked¶Transfer-Encoding: cow¶¶0¶¶EVIL                | refused
        TE identity                | Transfer-Encoding: identity¶Content-Length: 28¶¶EVIL                      | refused
        TE list                    | Transfer-Encoding: chunked, identity¶¶0¶¶EVIL                             | refused
        TE behind a bare LF        | X: x␊Transfer-Encoding: chunked¶¶0¶¶EVIL                                  | refused
        TE behind a bare CR        | X: x␍Transfer-Encoding: chunked¶¶0¶¶EVIL                                  | refused
        TE folded in               | X: x¶ Transfer-Encoding: chunked¶Content-Length: 28¶¶EVIL                 | refused
        TE folded out              | Transfer-Encoding¶ : chunked¶¶0¶¶EVIL                                     | refused
        TE with an underscore      | Transfer_Encoding: chunked¶¶EVIL                                          | POST /a, GET /evil
        TE in Connection           | Connection: Transfer-Encoding¶Transfer-Encoding: chunked¶¶0¶¶             | POST /a
        CL in Connection           | Connection: Content-Length¶Content-Length: 2¶¶ab                          | POST /a ab
        # Chunks that end elsewhere
        no digits                  | Transfer-Encoding: chunked¶¶¶¶EVIL                                        | refused
        prefix                     | Transfer-Encoding: chunked¶¶0x0¶¶EVIL                                     | refused
        space before               | Transfer-Encoding: chunked¶¶ 0¶¶EVIL                                      | refused
        space behind               | Transfer-Encoding: chunked¶¶0 ¶¶EVIL                                      | refused
        too large                  | Transfer-Encoding: chunked¶¶10000000000000000¶¶EVIL                       | refused
        TERM.EXT                   | Transfer-Encoding: chunked¶¶2;␊xx¶0¶¶EVIL                                 | refused
        EXT.TERM                   | Transfer-Encoding: chunked¶¶2␊;x¶xx¶0¶¶EVIL                               | refused
        bare CR in an extension    | Transfer-Encoding: chunked¶¶2;a␍b¶xx¶0¶¶EVIL                              | refused
        SPILL.TERM                 | Transfer-Encoding: chunked¶¶2¶xxy¶0¶¶EVIL                                 | refused
        LF behind the data         | Transfer-Encoding: chunked¶¶2¶xx␊0¶¶EVIL                                  | refused
        LF behind the last chunk   | Transfer-Encoding: chunked¶¶0␊␊EVIL                                       | refused
        LF for the empty line      | Transfer-Encoding: chunked¶¶0¶␊EVIL                                       | refused
        CL in the trailers         | Transfer-Encoding: chunked¶¶0¶Content-Length: 28¶¶                        | POST /a
        TE in the trailers         | Transfer-Encoding: chunked¶¶0¶Transfer-Encoding: chunked¶¶                | POST /a
        extension dropped          | Transfer-Encoding: chunked¶¶2;x=y¶xx¶0¶¶                                  | POST /a xx
        # Honest pipelining
        behind a length            | Content-Length: 2¶¶abEVIL                                                 | POST /a ab, GET /evil
        behind chunks              | Transfer-Encoding: chunked¶¶1¶a¶1¶b¶0¶¶EVIL                               | POST /a ab, GET /evil
        behind one empty line      | Content-Length: 2¶¶ab¶EVIL                                                | POST /a ab, GET /evil
        """)
    void theUpstreamSeesExactlyTheseRequests(String name, String fieldsAndBody, String requests) {
        String text = Wire.text("POST /a HTTP/1.1¶Host: h¶" + fieldsAndBody.replace("EVIL", EVIL));
        for (int cut = 0; cut < text.length(); cut++) assertThat(seenByUpstream(text, cut)).isEqualTo(requests);
    }

    private String seenByUpstream(String text, int cut) {
        connect();
        receive(text.substring(0, cut));
        receive(text.substring(cut));
        while (answerOne()) { /* as an upstream that reads by the book */ }
        String answer = text(downstream);
        disconnect();
        if (answer.endsWith("bad request\n") || answer.startsWith("HTTP/1.1 400 ")) arrived.add("refused");
        return arrived.isEmpty() ? "awaits the rest" : String.join(", ", arrived);
    }

    private void connect() {
        arrived.clear();
        wire.setLength(0);
        Http1ClientConnection client = new Http1ClientConnection(new ClientConnection.Owner() {
            @Override
            public void onCapacity(ClientConnection connection) {}

            @Override
            public void onRetired(ClientConnection connection) {}
        }, Http1Limits.DEFAULT);
        upstream = new EmbeddedChannel(client);
        Http1ServerConnection.Observer observer = new Http1ServerConnection.Observer() {
            @Override
            public void onRefused(Channel channel, Failure failure, String why) {}

            @Override
            public void onBug(Channel channel, Throwable bug) {
                throw new AssertionError(bug);
            }
        };
        downstream = new EmbeddedChannel(
            new Http1ServerConnection((stream, end) -> new PassThrough(stream, end, client), Http1Limits.DEFAULT, () -> 0, observer));
    }

    private void receive(String text) {
        downstream.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    private void disconnect() {
        downstream.finishAndReleaseAll();
        upstream.finishAndReleaseAll();
    }

    /** Takes one complete request off the wire and answers it. */
    private boolean answerOne() {
        downstream.runPendingTasks();
        wire.append(text(upstream));
        String framing = RequestOracle.judge(wire.toString());
        assertThat(framing).isNotEqualTo("refused");
        if (framing.equals("more")) return false;
        int head = wire.indexOf("\r\n\r\n") + 4;
        String rest = wire.substring(head);
        String body;
        int end;
        if (framing.equals("chunked")) {
            int last = rest.startsWith("0\r\n\r\n") ? 0 : rest.indexOf("\r\n0\r\n\r\n") + 2;
            if (last == 1) return false;
            body = rest.substring(0, last).replaceAll("[0-9a-f]+\r\n([^\r]*)\r\n", "$1");
            end = last + 5;
        } else {
            if (Long.parseLong(framing) > rest.length()) return false;
            end = Integer.parseInt(framing);
            body = rest.substring(0, end);
        }
        arrived.add((wire.substring(0, wire.indexOf(" HTTP/1.1\r\n")) + " " + body).strip());
        wire.delete(0, head + end);
        upstream.writeInbound(Wire.bytes("HTTP/1.1 200 OK¶Content-Length: 0¶¶"));
        return true;
    }

    private static String text(EmbeddedChannel channel) {
        channel.runPendingTasks();
        StringBuilder out = new StringBuilder();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            out.append(part.toString(StandardCharsets.ISO_8859_1));
            part.release();
        }
        return out.toString();
    }
}
