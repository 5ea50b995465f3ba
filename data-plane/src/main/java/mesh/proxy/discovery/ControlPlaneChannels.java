package mesh.proxy.discovery;

import io.grpc.ManagedChannel;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import mesh.model.Address;
import mesh.model.TrustBundle;
import mesh.pki.CaPin;
import mesh.pki.Svid;

/** The ways to a control plane, whichever of its replicas. Connections are made when first used; whoever asks for a channel closes it. */
public final class ControlPlaneChannels {

    /** The control plane takes who is silent for five minutes for gone, and what stands in between may be less patient. */
    private static final long PING_SECONDS = 60;
    private static final int LARGEST_PUSH = 64 << 20;

    static {
        NameResolverRegistry.getDefaultRegistry().register(new ControlPlaneResolver.Provider());
    }

    private ControlPlaneChannels() {}

    /**
     * Without TLS: this machine's own control plane.
     *
     * @throws IllegalArgumentException when an address is not loopback
     */
    public static ManagedChannel plaintext(List<Address> replicas) {
        for (Address replica : replicas) {
            if (!replica.isLoopback()) {
                throw new IllegalArgumentException("control plane " + replica + " without TLS (expected: a loopback address, or --ca-pin)");
            }
        }
        return with(NettyChannelBuilder.forTarget(ControlPlaneResolver.target(replicas)).usePlaintext());
    }

    /** For who has no certificate yet: only the control plane proves who it is. */
    static ManagedChannel pinned(List<Address> replicas, CaPin pin, InstantSource clock) {
        return tls(replicas, SslContextBuilder.forClient().trustManager(ControlPlaneTrust.of(pin, clock)));
    }

    /** Both prove who they are. */
    static ManagedChannel mutual(List<Address> replicas, Svid svid, TrustBundle bundle, InstantSource clock) {
        return tls(replicas, SslContextBuilder.forClient().trustManager(ControlPlaneTrust.of(bundle, clock))
            .keyManager(svid.key(), svid.chain().toArray(X509Certificate[]::new)));
    }

    private static ManagedChannel tls(List<Address> replicas, SslContextBuilder context) {
        try {
            // The JDK's TLS: one handshake an hour, and none of the native library's memory to look after.
            return with(NettyChannelBuilder.forTarget(ControlPlaneResolver.target(replicas))
                .sslContext(GrpcSslContexts.configure(context, SslProvider.JDK).protocols("TLSv1.3").build()));
        } catch (SSLException e) {
            throw new IllegalArgumentException("no TLS with this certificate and key: " + e.getMessage(), e);
        }
    }

    private static ManagedChannel with(NettyChannelBuilder builder) {
        return builder.keepAliveTime(PING_SECONDS, TimeUnit.SECONDS).maxInboundMessageSize(LARGEST_PUSH).build();
    }
}
