package mesh.proxy.tls;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslProvider;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.DownstreamTls;
import mesh.pki.Svid;
import mesh.pki.TestPki;
import mesh.time.Env;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One mutual handshake, both sides of it, without a network: the specification asks for less than 5 ms. To run it:
 *
 * <pre>./mvnw -Pbench -pl data-plane -am process-test-classes -Dbench=Handshake</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Dio.netty.leakDetection.level=disabled")
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
public class HandshakeBenchmark {

    @Param({"OPENSSL_REFCNT", "JDK"})
    public SslProvider provider;

    private final Env env = Env.system();
    private final TestPki pki = TestPki.create(env.clock());
    private final Svid webSvid = pki.svid("web");
    private final Svid paymentsSvid = pki.svid("payments");
    private final DownstreamTls allow = new DownstreamTls(Set.of(pki.id("web")));
    private MeshTls web;
    private MeshTls payments;
    private int port;

    @Setup(Level.Trial)
    public void identities() {
        web = tls(webSvid);
        payments = tls(paymentsSvid);
    }

    private MeshTls tls(Svid svid) {
        MeshTls tls = new MeshTls(env.clock(), (side, result, reason) -> {}, (channel, reason, detail) -> channel.close(), provider);
        tls.rotate(svid, pki.bundle());
        return tls;
    }

    @TearDown(Level.Trial)
    public void release() {
        web.close();
        payments.close();
    }

    /** A peer that was met before: its chain is remembered, the handshake is a full one. */
    @Benchmark
    public Object full() {
        // Sessions are kept by address: another one, another session.
        return handshake(web, new Address("10.0.0.1", 1 + port++ % 65535));
    }

    /** Again to an address that a session is kept of. */
    @Benchmark
    public Object resumed() {
        return handshake(web, new Address("10.0.0.2", 1));
    }

    /** The first handshake after a rotation: contexts are made, chains are verified. */
    @Benchmark
    public Object firstAfterRotation() {
        MeshTls fresh = tls(webSvid);
        try {
            return handshake(fresh, new Address("10.0.0.3", 1));
        } finally {
            fresh.close();
        }
    }

    private Object handshake(MeshTls client, Address address) {
        EmbeddedChannel near = new EmbeddedChannel();
        EmbeddedChannel far = new EmbeddedChannel();
        near.pipeline().addLast(client.client(near, MeshTls.Traffic.HTTP2, Set.of(paymentsSvid.id()), address));
        far.pipeline().addLast(payments.server(far, MeshTls.Traffic.HTTP2, allow));
        boolean moved = true;
        while (moved) {
            moved = move(near, far) | move(far, near);
        }
        Object peer = MeshTls.peerOf(far);
        if (peer == null || MeshTls.peerOf(near) == null) {
            throw new IllegalStateException("the handshake failed");
        }
        near.finishAndReleaseAll();
        far.finishAndReleaseAll();
        return peer;
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        boolean moved = false;
        for (Object bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
            to.writeInbound(bytes);
            moved = true;
        }
        return moved;
    }
}
