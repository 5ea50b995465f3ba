package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.resolver.InetSocketAddressResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LastKnownResolverTest {

    private static final InetSocketAddress NAME = InetSocketAddress.createUnresolved("payments.example", 8080);

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Servers servers = new Servers();
    private final AddressResolver<InetSocketAddress> resolver = new LastKnownResolver(servers, new FakeClock()).newResolver(channel.eventLoop());

    @BeforeEach
    void stop() {
        channel.freezeTime();
    }

    @AfterEach
    void close() {
        resolver.close();
        channel.finishAndReleaseAll();
    }

    @Test
    void usesWhatItIsTold() throws Exception {
        assertThat(answered("10.0.0.7")).isEqualTo("10.0.0.7:8080");
        assertThat(answered("10.0.0.8")).isEqualTo("10.0.0.8:8080");
    }

    @Test
    void usesTheLastAddressWhenNameServersFail() throws Exception {
        answered("10.0.0.7");
        Future<InetSocketAddress> next = ask();
        servers.asked.setFailure(new UnknownHostException("SERVFAIL"));
        channel.runPendingTasks();
        assertThat(text(next)).isEqualTo("10.0.0.7:8080");
    }

    @Test
    void usesTheLastAddressWhenNobodyAnswersInTimeAndLearnsFromALateAnswer() throws Exception {
        answered("10.0.0.7");
        Future<InetSocketAddress> next = ask();
        channel.advanceTimeBy(LastKnownResolver.PATIENCE_MILLIS - 1, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(next.isDone()).isFalse();
        channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(text(next)).isEqualTo("10.0.0.7:8080");
        servers.asked.setSuccess(InetAddress.getByName("10.0.0.8"));
        channel.runPendingTasks();
        Future<InetSocketAddress> third = ask();
        servers.asked.setFailure(new UnknownHostException("SERVFAIL"));
        channel.runPendingTasks();
        assertThat(text(third)).isEqualTo("10.0.0.8:8080");
    }

    @Test
    void failsForANameThatNobodyEverKnew() {
        Future<InetSocketAddress> answer = ask();
        servers.asked.setFailure(new UnknownHostException("NXDOMAIN"));
        channel.runPendingTasks();
        assertThat(answer.cause()).isInstanceOf(UnknownHostException.class);
    }

    private String answered(String address) throws Exception {
        Future<InetSocketAddress> answer = ask();
        servers.asked.setSuccess(InetAddress.getByName(address));
        channel.runPendingTasks();
        return text(answer);
    }

    private Future<InetSocketAddress> ask() {
        Future<InetSocketAddress> answer = resolver.resolve(NAME);
        channel.runPendingTasks();
        return answer;
    }

    private static String text(Future<InetSocketAddress> answer) {
        return answer.getNow().getAddress().getHostAddress() + ":" + answer.getNow().getPort();
    }

    /** Name servers that answer as a test says. */
    private static final class Servers extends AddressResolverGroup<InetSocketAddress> {

        private Promise<InetAddress> asked;

        /** An embedded channel's loop does not end, which is what others are kept until. */
        @Override
        public AddressResolver<InetSocketAddress> getResolver(EventExecutor loop) {
            return newResolver(loop);
        }

        @Override
        protected AddressResolver<InetSocketAddress> newResolver(EventExecutor loop) {
            return new InetSocketAddressResolver(loop, new InetNameResolver(loop) {
                @Override
                protected void doResolve(String name, Promise<InetAddress> promise) {
                    asked = promise;
                }

                @Override
                protected void doResolveAll(String name, Promise<List<InetAddress>> promise) {
                    throw new UnsupportedOperationException(name);
                }
            });
        }
    }
}
