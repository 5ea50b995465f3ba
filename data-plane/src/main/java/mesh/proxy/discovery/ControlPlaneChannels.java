package mesh.proxy.discovery;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import mesh.model.Address;
import mesh.model.TrustBundle;
import mesh.pki.CaPin;
import mesh.pki.Svid;

/** The ways to a control plane. Connections are made when first used; whoever asks for a channel closes it. */
public final class ControlPlaneChannels {

    /** The control plane takes who is silent for five minutes for gone, and what stands in between may be less patient. */
    private static final long PING_SECONDS = 60;
    private static final int LARGEST_PUSH = 64 << 20;

    private ControlPlaneChannels() {}

    /**
     * Without TLS: this machine's own control plane.
     *
     * @throws IllegalArgumentException when the address is not loopback
     */
    public static ManagedChannel plaintext(Address controlPlane) {
        if (!controlPlane.isLoopback()) {
            throw new IllegalArgumentException(
                "control plane " + controlPlane + " without TLS (expected: a loopback address, or --ca-pin)");
        }
        return with(NettyChannelBuilder.forAddress(controlPlane.host(), controlPlane.port()).usePlaintext());
    }

    /** For who has no certificate yet: only the control plane proves who it is. */
    static ManagedChannel pinned(Address controlPlane, CaPin pin, InstantSource clock) {
        return tls(controlPlane, SslContextBuilder.forClient().trustManager(ControlPlaneTrust.of(pin, clock)));
    }

    /** Both prove who they are. */
    static ManagedChannel mutual(Address controlPlane, Svid svid, TrustBundle bundle, InstantSource clock) {
        return tls(controlPlane, SslContextBuilder.forClient().trustManager(ControlPlaneTrust.of(bundle, clock))
            .keyManager(svid.key(), svid.chain().toArray(X509Certificate[]::new)));
    }

    private static ManagedChannel tls(Address controlPlane, SslContextBuilder context) {
        try {
            // The JDK's TLS: one handshake an hour, and none of the native library's memory to look after.
            return with(NettyChannelBuilder.forAddress(controlPlane.host(), controlPlane.port())
                .sslContext(GrpcSslContexts.configure(context, SslProvider.JDK).protocols("TLSv1.3").build()));
        } catch (SSLException e) {
            throw new IllegalArgumentException("no TLS with this certificate and key: " + e.getMessage(), e);
        }
    }

    private static ManagedChannel with(NettyChannelBuilder builder) {
        return builder.keepAliveTime(PING_SECONDS, TimeUnit.SECONDS).maxInboundMessageSize(LARGEST_PUSH).build();
    }
}
