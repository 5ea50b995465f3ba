package mesh.proxy.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.time.FakeClock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file, and who gets through it. */
class WorkloadSocketTest {

    @TempDir
    private Path directory;
    private Path path;

    @BeforeEach
    void place() {
        path = directory.resolve("workload.sock");
    }

    @Test
    void isItsOwnersAloneAndGoesWithItsProcess() throws IOException {
        try (WorkloadSocket socket = socket(path)) {
            socket.start();
            assertThat(mode(path)).isEqualTo("rw-------");
            assertThat(files()).as("nothing is left of how it was made").containsExactly("workload.sock");
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void isItsGroupsAsWellWhereOthersMayAsk() throws IOException {
        Path below = directory.resolve("run").resolve("workload.sock");
        try (WorkloadSocket socket = new WorkloadSocket(new WorkloadSocket.Options(below, Set.of(1000)), new FakeClock())) {
            socket.start();
            assertThat(mode(below)).isEqualTo("rw-rw----");
            assertThat(mode(below.getParent())).isEqualTo("rwxr-x---");
        }
    }

    @Test
    void takesThePlaceOfASocketThatADeadProcessLeft() throws IOException {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        try (WorkloadSocket socket = socket(path)) {
            socket.start();
            connect(path).close();
        }
    }

    @Test
    void leavesAloneWhatAnotherProcessListensOn() throws IOException {
        try (WorkloadSocket first = socket(path)) {
            first.start();
            assertThatThrownBy(() -> socket(path).start()).isInstanceOf(IOException.class).hasMessageContaining("another process listens there");
            connect(path).close();
        }
    }

    @Test
    void leavesAloneWhatIsNoSocket() throws IOException {
        Files.writeString(path, "precious");
        assertThatThrownBy(() -> socket(path).start()).isInstanceOf(IOException.class).hasMessageContaining("not a socket");
        assertThat(path).hasContent("precious");
    }

    @Test
    void doesNotRemoveWhatHasTakenItsPlace() throws IOException {
        WorkloadSocket socket = socket(path);
        socket.start();
        Files.delete(path);
        Files.writeString(path, "another's");
        socket.close();
        assertThat(path).hasContent("another's");
    }

    @Test
    void refusesADirectoryInWhichOthersCouldReplaceIt() throws IOException {
        Path open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> socket(open.resolve("workload.sock")).start()).isInstanceOf(IOException.class).hasMessageContaining("mode 777");
        // As /tmp is: who may write there may not take away what is another's.
        Files.setAttribute(open, "unix:mode", 01777);
        try (WorkloadSocket socket = socket(open.resolve("workload.sock"))) {
            socket.start();
        }
    }

    @Test
    void saysThatAPathIsTooLongForTheKernel() {
        assertThatThrownBy(() -> socket(directory.resolve("x".repeat(120))).start()).isInstanceOf(IOException.class).hasMessageContaining("at most 107");
    }

    @Test
    void whoRunsAsAnotherUserIsCutOffBeforeAByteOfTheirsIsRead() throws Exception {
        int own = SocketFile.ownUser();
        assertThat(accepted(Set.of(own))).isEqualTo(1);
        assertThat(accepted(Set.of(own + 1))).isZero();
    }

    /** Of one connection by this user. */
    private int accepted(Set<Integer> permitted) throws Exception {
        AtomicInteger accepted = new AtomicInteger();
        EventLoopGroup loop = new EpollEventLoopGroup(1);
        EpollServerDomainSocketChannel server = new EpollServerDomainSocketChannel();
        server.pipeline().addLast(new PeerGate(permitted, new FakeClock()));
        new ServerBootstrap().group(loop).channelFactory(() -> server).childHandler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                accepted.incrementAndGet();
                channel.close();
            }
        }).bind(new DomainSocketAddress(path.toString())).sync();
        try (SocketChannel client = connect(path)) {
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            return accepted.get();
        } finally {
            server.close().sync();
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    private static WorkloadSocket socket(Path path) {
        return new WorkloadSocket(new WorkloadSocket.Options(path, Set.of()), new FakeClock());
    }

    private static SocketChannel connect(Path path) throws IOException {
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
        client.connect(UnixDomainSocketAddress.of(path));
        return client;
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private List<String> files() throws IOException {
        try (var all = Files.list(directory)) {
            return all.map(each -> each.getFileName().toString()).toList();
        }
    }
}
