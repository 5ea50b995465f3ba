package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both connections on real sockets and one event loop: what an embedded channel cannot show, such as full socket buffers. */
@Timeout(60)
class Http1LoopbackTest {

    private static final int BIG = 64 * 1024 * 1024;

    private final List<Throwable> bugs = new CopyOnWriteArrayList<>();
    private final EventLoopGroup loop = Epoll.isAvailable() ? new EpollEventLoopGroup(1) : new NioEventLoopGroup(1);
    private final ServerSocket origin;
    private final PooledByteBufAllocator memory = new PooledByteBufAllocator(true);
    private Channel proxy;
    private volatile Channel downstream;
    private volatile Channel upstream;

    Http1LoopbackTest() throws IOException {
        origin = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws Exception {
        origin.close();
        loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        assertThat(bugs).isEmpty();
    }

    @Test
    void aLargeBodyArrivesWholeThoughItsReaderBeginsLate() throws Exception {
        CompletableFuture<byte[]> received = serve((in, out) -> {
            head(in);
            awaitPause(downstream);
            byte[] digest = digest(in, BIG);
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return digest;
        });
        try (Socket client = connect()) {
            byte[] digest = send(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + BIG + "\r\n\r\n");
            assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200 OK\r\n");
            assertThat(received.get()).isEqualTo(digest);
        }
        assertLittleMemory();
    }

    @Test
    void aLargeAnswerArrivesWholeThoughItsReaderBeginsLate() throws Exception {
        CompletableFuture<byte[]> sent = serve((in, out) -> {
            head(in);
            return send(out, "HTTP/1.1 200 OK\r\nContent-Length: " + BIG + "\r\n\r\n");
        });
        try (Socket client = connect()) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = new BufferedInputStream(client.getInputStream());
            assertThat(head(in)).startsWith("HTTP/1.1 200 OK\r\n");
            awaitPause(upstream);
            assertThat(digest(in, BIG)).isEqualTo(sent.get());
        }
        assertLittleMemory();
    }

    @Test
    void aTruncatedAnswerIsSeenAsTruncated() throws Exception {
        serve((in, out) -> {
            head(in);
            out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n".getBytes(StandardCharsets.US_ASCII));
            return null;
        });
        try (Socket client = connect()) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String all = new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(all).endsWith("\r\n\r\n2\r\nab\r\n");
        }
    }

    /** To HTTP/1.0 the end of the connection is the end of the answer: only a reset says that it is not. */
    @Test
    void aTruncatedAnswerThatWouldEndWithTheConnectionIsReset() throws Exception {
        serve((in, out) -> {
            head(in);
            out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n".getBytes(StandardCharsets.US_ASCII));
            return null;
        });
        try (Socket client = connect()) {
            client.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThatThrownBy(() -> client.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void aClientThatClosesItsHalfGetsTheWholeAnswer() throws Exception {
        CompletableFuture<byte[]> sent = serve((in, out) -> {
            head(in);
            return send(out, "HTTP/1.1 200 OK\r\nContent-Length: " + BIG + "\r\n\r\n");
        });
        try (Socket client = connect()) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            client.shutdownOutput();
            InputStream in = new BufferedInputStream(client.getInputStream());
            head(in);
            assertThat(digest(in, BIG)).isEqualTo(sent.get());
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @Test
    void aClientThatIsStillSendingCanReadWhyItWasRefused() throws Exception {
        serve((in, out) -> null);
        try (Socket client = connect()) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost : h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            client.getOutputStream().write(new byte[200_000]);
            String all = new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(all).startsWith("HTTP/1.1 400 Bad Request\r\n").endsWith("bad request\n");
        }
    }

    private interface Origin {
        byte[] answer(InputStream in, OutputStream out) throws Exception;
    }

    /** One connection of an origin server, and a proxy in front of it. */
    private CompletableFuture<byte[]> serve(Origin behaviour) {
        CompletableFuture<byte[]> done = new CompletableFuture<>();
        new Thread(() -> {
            try (Socket socket = origin.accept()) {
                done.complete(behaviour.answer(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream()));
            } catch (Exception e) {
                done.completeExceptionally(e);
            }
        }, "origin").start();
        Class<? extends ServerSocketChannel> server = Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        Class<? extends SocketChannel> client = Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;
        Http1ClientConnection connection = new Http1ClientConnection(new NoPool(), Http1Limits.DEFAULT);
        upstream = new Bootstrap().group(loop).channel(client).option(ChannelOption.ALLOCATOR, memory).handler(connection)
            .connect(origin.getLocalSocketAddress()).syncUninterruptibly().channel();
        proxy = new ServerBootstrap().group(loop).channel(server).childOption(ChannelOption.ALLOCATOR, memory)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel accepted) {
                    downstream = accepted;
                    accepted.pipeline().addLast(new Http1ServerConnection(
                        (stream, end) -> new PassThrough(stream, end, connection), Http1Limits.DEFAULT, System::nanoTime, new Bugs()));
                }
            }).bind(InetAddress.getLoopbackAddress(), 0).syncUninterruptibly().channel();
        return done;
    }

    private Socket connect() throws IOException {
        InetSocketAddress address = (InetSocketAddress) proxy.localAddress();
        return new Socket(address.getAddress(), address.getPort());
    }

    private static byte[] send(Socket socket, String head) throws Exception {
        return send(socket.getOutputStream(), head);
    }

    private static byte[] send(OutputStream out, String head) throws Exception {
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        Random random = new Random(1);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] block = new byte[64 * 1024];
        for (int left = BIG; left > 0; left -= block.length) {
            random.nextBytes(block);
            digest.update(block);
            out.write(block);
        }
        return digest.digest();
    }

    /** Until every buffer on the way is full and the proxy reads no more from the one who sends. */
    private static void awaitPause(Channel from) {
        await().until(() -> !from.config().isAutoRead());
    }

    /** Two chunks of the pool: what is under way is far less than the body. */
    private void assertLittleMemory() {
        assertThat(memory.metric().usedDirectMemory()).isLessThanOrEqualTo(2L * memory.metric().chunkSize());
    }

    private static byte[] digest(InputStream in, int length) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] block = new byte[64 * 1024];
        for (int left = length, n; left > 0; left -= n) {
            n = in.read(block, 0, Math.min(left, block.length));
            if (n < 0) throw new IOException("ended " + left + " bytes early");
            digest.update(block, 0, n);
        }
        return digest.digest();
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) throw new IOException("ended within " + head);
            head.append((char) b);
        }
        return head.toString();
    }

    private static final class NoPool implements ClientConnection.Owner {
        @Override
        public void onCapacity(ClientConnection connection) {}

        @Override
        public void onRetired(ClientConnection connection) {}
    }

    private final class Bugs implements Http1ServerConnection.Observer {
        @Override
        public void onRefused(Channel channel, Failure failure, String why) {}

        @Override
        public void onBug(Channel channel, Throwable bug) {
            bugs.add(bug);
        }
    }
}
