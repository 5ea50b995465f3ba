package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.SocketException;
import mesh.model.Route;
import mesh.proxy.RawClient;
import mesh.proxy.RawServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/1.1 through one sidecar and through two: the test speaks for the client and for the upstream, and sees every byte of both. */
@ParameterizedClass(name = "{0} sidecars")
@ValueSource(ints = {1, 2})
class Http1SidecarTest {

    private static final String GET = "GET / HTTP/1.1¶Host: h¶¶";
    private static final String OK = "HTTP/1.1 200 OK¶Content-Length: 2¶¶ok";

    private final int count;
    private final Hops hops;
    private final RawServer server = new RawServer();
    private RawClient client;
    private RawClient upstream;

    Http1SidecarTest(int count) {
        this.count = count;
        this.hops = new Hops(count, 1);
    }

    @BeforeEach
    void open() {
        hops.lead(any -> any, server.address());
        client = hops.connect();
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        if (upstream != null) upstream.close();
        server.close();
        hops.close();
    }

    // Heads.

    @Test
    void aRequestIsForwardedWithWhatTheNextHopMustKnowAndWithoutWhatItMustNot() throws IOException {
        client.send(Wire.text("GET /a?b HTTP/1.1¶Host: Shop.example¶Connection: x-mine, keep-alive¶X-Mine: 1¶Keep-Alive: 5¶Accept: */*¶"
            + "X-Forwarded-For: 192.0.2.1¶TraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01¶¶"));
        assertThat(arrived().replaceAll("-[0-9a-f]{16}-", "-span-").replaceAll("id: [0-9a-f-]{36}", "id: some-id")
            .replaceAll("¶x-forwarded-client-cert: By=spiffe[^¶]*", "")).isEqualTo("GET /a?b HTTP/1.1¶Host: Shop.example¶Accept: */*¶"
            + "x-forwarded-for: 192.0.2.1" + ", 127.0.0.1".repeat(count) + "¶traceparent: 00-0af7651916cd43dd8448eb211c80319c-span-01¶"
            + "x-forwarded-proto: http¶x-request-id: some-id¶¶");
    }

    @Test
    void theHostIsRewrittenWhereTheRouteSaysSo() throws IOException {
        hops.lead(route -> route.hostRewrite("inner.example:81"), server.address());
        client.send(Wire.text("GET / HTTP/1.1¶Host: outer¶¶"));
        assertThat(arrived()).contains("¶host: inner.example:81¶").contains("¶x-forwarded-host: outer¶");
    }

    @Test
    void anAnswerIsPassedOnByteForByte() throws IOException {
        request();
        String answer = "HTTP/1.1 299 Quite So¶set-COOKIE: a¶Set-Cookie:  b ¶Content-Length: 3¶¶yes";
        upstream.send(Wire.text(answer));
        assertThat(answer("yes")).isEqualTo(answer);
    }

    @Test
    void wishesForTrailersReachTheUpstream() throws IOException {
        client.send(Wire.text("GET / HTTP/1.1¶Host: h¶Connection: TE¶TE: trailers, deflate¶¶"));
        assertThat(arrived()).contains("te: trailers¶").contains("connection: te¶").doesNotContain("deflate");
    }

    // Answers without a body.

    @ParameterizedTest
    @ValueSource(strings = {
        "HEAD / HTTP/1.1¶Host: h¶¶ -> HTTP/1.1 200 OK¶Content-Length: 10¶¶",
        "GET / HTTP/1.1¶Host: h¶¶ -> HTTP/1.1 304 Not Modified¶Content-Length: 10¶¶",
        "GET / HTTP/1.1¶Host: h¶¶ -> HTTP/1.1 204 No Content¶X: y¶¶",
    })
    void anAnswerThatHasNoBodyDoesNotEatTheNextOne(String exchange) throws IOException {
        String[] both = exchange.split(" -> ");
        client.send(Wire.text(both[0]));
        arrived();
        upstream.send(Wire.text(both[1]));
        assertThat(answer("¶¶")).isEqualTo(both[1]);

        client.send(Wire.text(GET));
        arrived();
        upstream.send(Wire.text(OK));
        assertThat(answer("ok")).isEqualTo(OK);
    }

    // Interim answers.

    @Test
    void interimAnswersGoAheadOfTheFinalOne() throws IOException {
        request();
        upstream.send(Wire.text("HTTP/1.1 103 Early Hints¶Link: </a>¶¶"));
        assertThat(answer("¶¶")).isEqualTo("HTTP/1.1 103 Early Hints¶Link: </a>¶¶");
        upstream.send(Wire.text("HTTP/1.1 102 Processing¶¶" + OK));
        assertThat(answer("ok")).isEqualTo("HTTP/1.1 102 Processing¶¶" + OK);
    }

    @Test
    void theBodyFollowsTheUpstreams100() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Expect: 100-continue¶Content-Length: 3¶¶"));
        assertThat(arrived()).contains("Expect: 100-continue¶");
        upstream.send(Wire.text("HTTP/1.1 100 Continue¶¶"));
        assertThat(answer("¶¶")).isEqualTo("HTTP/1.1 100 Continue¶¶");
        client.send("abc");
        assertThat(upstream.read(3)).isEqualTo("abc");
        upstream.send(Wire.text(OK));
        assertThat(answer("ok")).isEqualTo(OK);
        assertServesAnother();
    }

    @Test
    void anAnswerInPlaceOf100EndsTheConnection() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Expect: 100-continue¶Content-Length: 3¶¶"));
        arrived();
        upstream.send(Wire.text("HTTP/1.1 401 Unauthorized¶Content-Length: 0¶¶"));
        assertThat(Wire.readable(client.readAll())).isEqualTo("HTTP/1.1 401 Unauthorized¶Content-Length: 0¶connection: close¶¶");
        assertGivenUp();
    }

    @Test
    void anExpectationIsNotKeptWaitingWhereThereIsNoRoute() throws IOException {
        hops.lead(route -> route.match(new Route.Exact("/only")), server.address());
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Expect: 100-continue¶Content-Length: 3¶¶"));
        assertThat(client.readAll()).startsWith("HTTP/1.1 404 ").contains("connection: close");
    }

    // Bodies.

    @Test
    void chunksAndTrailersGoBothWays() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Trailer: sum¶¶3;ext=1¶abc¶"));
        assertThat(arrived()).contains("transfer-encoding: chunked¶").contains("Trailer: sum¶");
        assertThat(upstream.readTo("abc\r\n")).isEqualTo("3\r\nabc\r\n");
        client.send(Wire.text("0¶Sum: 6¶Content-Length: 9¶¶"));
        assertThat(Wire.readable(upstream.readTo("\r\n\r\n"))).isEqualTo("0¶Sum: 6¶¶");

        upstream.send(Wire.text("HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶2¶ok¶"));
        assertThat(answer("ok¶")).isEqualTo("HTTP/1.1 200 OK¶transfer-encoding: chunked¶¶2¶ok¶");
        upstream.send(Wire.text("0¶Grpc-Status: 0¶¶"));
        assertThat(answer("¶¶")).isEqualTo("0¶Grpc-Status: 0¶¶");
        assertServesAnother();
    }

    @Test
    void anAnswerThatEndsWithTheUpstreamsConnectionIsChunked() throws IOException {
        request();
        upstream.send(Wire.text("HTTP/1.0 200 OK¶¶ok"));
        assertThat(answer("ok¶")).isEqualTo("HTTP/1.1 200 OK¶transfer-encoding: chunked¶¶2¶ok¶");
        leave();
        assertThat(answer("¶¶")).isEqualTo("0¶¶");
        assertServesAnother();
    }

    @Test
    void aClientOf10GetsAnAnswerThatEndsWithItsConnection() throws IOException {
        client.send(Wire.text("GET / HTTP/1.0¶¶"));
        assertThat(arrived()).startsWith("GET / HTTP/1.1¶");
        upstream.send(Wire.text("HTTP/1.1 103 Early Hints¶¶HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶2¶ok¶0¶Sum: 1¶¶"));
        assertThat(Wire.readable(client.readAll())).isEqualTo("HTTP/1.1 200 OK¶connection: close¶¶ok");
    }

    // One after the other.

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        client.send(Wire.text("GET /1 HTTP/1.1¶Host: h¶¶POST /2 HTTP/1.1¶Host: h¶Content-Length: 3¶¶abcGET /3 HTTP/1.1¶Host: h¶Connection: close¶¶"));
        for (int i = 1; i <= 3; i++) {
            assertThat(arrived()).contains(" /" + i + " ");
            if (i == 2) assertThat(upstream.read(3)).isEqualTo("abc");
            upstream.send(Wire.text("HTTP/1.1 200 OK¶Content-Length: 1¶¶" + i));
        }
        assertThat(Wire.readable(client.readAll())).isEqualTo("HTTP/1.1 200 OK¶Content-Length: 1¶¶1HTTP/1.1 200 OK¶Content-Length: 1¶¶2"
            + "HTTP/1.1 200 OK¶Content-Length: 1¶connection: close¶¶3");
    }

    @Test
    void closeIsOfOneHop() throws IOException {
        request();
        upstream.send(Wire.text("HTTP/1.1 200 OK¶Connection: close¶Content-Length: 2¶¶ok"));
        assertThat(answer("ok")).isEqualTo(OK);
        assertGivenUp();

        client.send(Wire.text("GET / HTTP/1.1¶Host: h¶Connection: close¶¶"));
        assertThat(arrived()).doesNotContain("close");
        upstream.send(Wire.text(OK));
        assertThat(Wire.readable(client.readAll())).isEqualTo("HTTP/1.1 200 OK¶Content-Length: 2¶connection: close¶¶ok");
        client = hops.connect();
        assertServesAnother();
    }

    // Upgrades.

    @Test
    void anUpgradeJoinsTheTwoConnections() throws IOException {
        client.send(Wire.text("GET /chat HTTP/1.1¶Host: h¶Connection: Upgrade¶Upgrade: websocket¶Sec-WebSocket-Key: k¶¶early"));
        assertThat(arrived()).contains("connection: upgrade¶").contains("Upgrade: websocket¶").contains("Sec-WebSocket-Key: k¶");
        upstream.send(Wire.text("HTTP/1.1 101 Switching Protocols¶Connection: Upgrade¶Upgrade: websocket¶¶hello"));
        assertThat(answer("hello"))
            .isEqualTo("HTTP/1.1 101 Switching Protocols¶Upgrade: websocket¶connection: upgrade¶¶hello");
        assertThat(upstream.read(5)).isEqualTo("early");

        client.send(Wire.text(GET));
        assertThat(upstream.read(Wire.text(GET).length())).isEqualTo(Wire.text(GET));
        upstream.send(Wire.text(OK)).close();
        assertThat(Wire.readable(client.readAll())).isEqualTo(OK);
    }

    @Test
    void aHalfOfATunnelMayEndFirst() throws IOException {
        assumeTrue(count == 1, "the native TLS engine between two sidecars ends both halves at once");
        client.send(Wire.text("GET /chat HTTP/1.1¶Host: h¶Connection: Upgrade¶Upgrade: websocket¶¶"));
        arrived();
        upstream.send(Wire.text("HTTP/1.1 101 Switching Protocols¶Connection: Upgrade¶Upgrade: websocket¶¶"));
        answer("¶¶");
        client.send("last words").finish();
        assertThat(upstream.readAll()).isEqualTo("last words");
        upstream.send("still here").close();
        assertThat(client.readAll()).isEqualTo("still here");
    }

    @Test
    void aRefusedUpgradeIsAnAnswerLikeAnyOther() throws IOException {
        client.send(Wire.text("GET /chat HTTP/1.1¶Host: h¶Connection: upgrade¶Upgrade: websocket¶¶"));
        arrived();
        upstream.send(Wire.text(OK));
        assertThat(answer("ok")).isEqualTo(OK);
        assertServesAnother();
    }

    /** RFC 9113 section 3.1: obsolete. What follows would be requests that no route and no policy has seen. */
    @ParameterizedTest
    @ValueSource(strings = {"h2c", "H2C", "websocket, h2c", "HTTP/2.0", "TLS/1.2"})
    void anUpgradeToAnotherHttpIsIgnored(String protocol) throws IOException {
        client.send(Wire.text("GET / HTTP/1.1¶Host: h¶Connection: Upgrade, HTTP2-Settings¶Upgrade: " + protocol + "¶HTTP2-Settings: AAMAAABk¶¶"));
        assertThat(arrived()).doesNotContainIgnoringCase("upgrade").doesNotContainIgnoringCase("http2-settings");
        upstream.send(Wire.text(OK));
        assertThat(answer("ok")).isEqualTo(OK);
    }

    @Test
    void aSwitchThatNobodyAskedForIsAFault() throws IOException {
        request();
        upstream.send(Wire.text("HTTP/1.1 101 Switching Protocols¶Connection: upgrade¶Upgrade: x¶¶"));
        assertThat(answer("Bad Gateway\n")).startsWith("HTTP/1.1 502 ");
    }

    // Answers that come early.

    @Test
    void aShortRestOfABodyIsReadAfterAnEarlyAnswer() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Content-Length: 6¶¶abc"));
        arrived();
        assertThat(upstream.read(3)).isEqualTo("abc");
        upstream.send(Wire.text("HTTP/1.1 413 Content Too Large¶Content-Length: 0¶¶"));
        assertThat(answer("¶¶")).startsWith("HTTP/1.1 413 ");
        assertGivenUp();
        client.send("def");
        assertServesAnother();
    }

    @Test
    void anAnswerIsPassedOnWhileItsRequestIsStillComing() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶1¶a¶"));
        arrived();
        upstream.send(Wire.text("HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶"));
        assertThat(answer("¶¶")).startsWith("HTTP/1.1 200 ");
        for (int i = 0; i < 3; i++) {
            client.send(Wire.text("1¶b¶"));
            upstream.readTo("b\r\n");
            upstream.send(Wire.text("1¶c¶"));
            assertThat(answer("c¶")).isEqualTo("1¶c¶");
        }
        client.send(Wire.text("0¶¶"));
        upstream.readTo("0\r\n\r\n");
        upstream.send(Wire.text("0¶¶"));
        assertThat(answer("¶¶")).isEqualTo("0¶¶");
        assertServesAnother();
    }

    /** An upstream that refuses a large body answers and closes while the body still comes: its answer must not be lost to the reset. */
    @Test
    void anAnswerOutlivesTheResetThatFollowsIt() throws Exception {
        for (int i = 0; i < 20; i++) {
            client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Content-Length: 10000000¶¶"));
            RawClient sender = client;
            Thread body = new Thread(() -> sendUntilClosed(sender));
            body.start();
            upstream = server.accept();
            upstream.readHead();
            upstream.send(Wire.text("HTTP/1.1 413 Content Too Large¶Connection: close¶Content-Length: 2¶¶no"));
            upstream.close();
            assertThat(client.readTo("no")).startsWith("HTTP/1.1 413 ");
            client.close();
            body.join();
            client = hops.connect();
        }
    }

    // Those who leave.

    @Test
    void anUpstreamSeesThatItsClientHasLeftInTheMiddleOfABody() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Content-Length: 6¶¶abc"));
        arrived();
        client.close();
        assertThat(upstream.readAll()).isEqualTo("abc");
        leave();
        client = hops.connect();
        assertServesAnother();
    }

    @Test
    void anUpstreamSeesThatItsClientHasLeftBeforeTheAnswer() throws IOException {
        request();
        client.reset();
        assertGivenUp();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 6¶¶abc", "Transfer-Encoding: chunked¶¶6¶abc", "Transfer-Encoding: chunked¶¶3¶abc¶"})
    void aClientSeesThatItsAnswerWasCut(String answer) throws IOException {
        request();
        upstream.send(Wire.text("HTTP/1.1 200 OK¶" + answer));
        client.readTo("abc");
        upstream.close();
        assertThat(client.readAll()).doesNotContain("0\r\n\r\n");
    }

    @Test
    void aClientOf10SeesThatItsAnswerWasCut() throws IOException {
        client.send(Wire.text("GET / HTTP/1.0¶¶"));
        arrived();
        upstream.send(Wire.text("HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶6¶abc"));
        client.readTo("abc");
        upstream.close();
        assertThatThrownBy(client::readAll).isInstanceOf(SocketException.class).hasMessageContaining("reset");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 200 OK¶Content-"})
    void anUpstreamThatLeavesWithoutAnAnswerIsA503(String part) throws IOException {
        request();
        upstream.send(Wire.text(part));
        upstream.close();
        assertThat(client.readHead()).startsWith("HTTP/1.1 503 ");
    }

    @Test
    void whatIsNoAnswerIsA502() throws IOException {
        request();
        upstream.send(Wire.text("220 mail.example ESMTP¶"));
        assertThat(client.readHead()).startsWith("HTTP/1.1 502 ");
        assertGivenUp();
    }

    // Kept connections.

    @Test
    void aPostIsNotRepeatedWhenItsKeptConnectionDies() throws IOException {
        request();
        upstream.send(Wire.text(OK));
        answer("ok");
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Content-Length: 1¶¶a"));
        arrived();
        upstream.close();
        assertThat(client.readHead()).startsWith("HTTP/1.1 503 ");
    }

    @Test
    void aRequestWithItsBodyIsRepeatedWhenItsKeptConnectionDies() throws IOException {
        request();
        upstream.send(Wire.text(OK));
        answer("ok");
        client.send(Wire.text("PUT / HTTP/1.1¶Host: h¶Content-Length: 3¶¶abc"));
        arrived();
        leave();
        assertThat(arrived()).startsWith("PUT / ");
        assertThat(upstream.read(3)).isEqualTo("abc");
        upstream.send(Wire.text(OK));
        assertThat(answer("ok")).isEqualTo(OK);
    }

    @Test
    void theLastWordsOnAKeptConnectionAnswerNothing() throws IOException {
        request();
        upstream.send(Wire.text(OK));
        answer("ok");
        upstream.send(Wire.text("HTTP/1.1 408 Request Timeout¶Connection: close¶¶"));
        leave();
        assertServesAnother();
    }

    // Requests that are none.

    @Test
    void aBrokenRequestIsRefusedAndReachesNobody() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Content-Length: 4¶Transfer-Encoding: chunked¶¶0¶¶GET /evil HTTP/1.1¶Host: h¶¶"));
        assertThat(client.readAll()).startsWith("HTTP/1.1 400 ").containsOnlyOnce("HTTP/1.1");
        client = hops.connect();
        client.send(Wire.text(GET));
        assertThat(arrived()).startsWith("GET / ");
    }

    @Test
    void aBrokenChunkCutsTheRequestThatHasBegun() throws IOException {
        client.send(Wire.text("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶1¶a¶"));
        arrived();
        upstream.readTo("a\r\n");
        client.send(Wire.text("x¶"));
        assertThat(client.readAll()).startsWith("HTTP/1.1 400 ").contains("connection: close");
        assertGivenUp();
    }

    // How it is told.

    private void request() throws IOException {
        client.send(Wire.text(GET));
        arrived();
    }

    /** The head of the request that the upstream gets next, over the connection it has or over a new one. */
    private String arrived() throws IOException {
        if (upstream == null) upstream = server.accept();
        return Wire.readable(upstream.readHead());
    }

    private String answer(String end) throws IOException {
        return Wire.readable(client.readTo(Wire.text(end)));
    }

    private void assertServesAnother() throws IOException {
        client.send(Wire.text("GET /another HTTP/1.1¶Host: h¶¶"));
        assertThat(arrived()).startsWith("GET /another ");
        upstream.send(Wire.text(OK));
        assertThat(answer("ok")).isEqualTo(OK);
    }

    /** The sidecar has sent nothing more to the upstream, and has closed the connection. */
    private void assertGivenUp() throws IOException {
        assertThat(upstream.readAll()).isEmpty();
        leave();
    }

    /** The upstream closes its connection; the sidecar will need another. */
    private void leave() throws IOException {
        upstream.close();
        upstream = null;
    }

    private static void sendUntilClosed(RawClient sender) {
        try {
            for (int i = 0; i < 1000; i++) sender.send(new byte[10_000]);
        } catch (IOException closed) {
            // As it should be.
        }
    }
}
