package mesh.control.ports;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.math.BigInteger;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import mesh.model.BanList;
import mesh.model.SpiffeId;
import org.jboss.logging.Logger;
import org.jboss.logging.Logger.Level;

/**
 * Says who is calling, and refuses who may not. The certificate is verified here again for each call, though the handshake did so: a
 * resumed session skips the handshake's check, and a connection may outlive the certificate. A call that goes on ends with it.
 */
public final class PeerInterceptor implements ServerInterceptor {

    private static final Logger LOG = Logger.getLogger(PeerInterceptor.class);

    /** Who a chain says it is. */
    @FunctionalInterface
    public interface ChainVerifier {
        /** @throws IllegalArgumentException with the reason, when it proves nothing */
        SpiffeId verify(List<X509Certificate> chain);
    }

    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> ENCODING = Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);

    private final OpenCalls calls = new OpenCalls();
    private final CallPolicy policy;
    private final AdminToken token;
    private final ChainVerifier verifier;
    private final InstantSource clock;

    public PeerInterceptor(CallPolicy policy, AdminToken token, ChainVerifier verifier, InstantSource clock) {
        this.policy = policy;
        this.token = token;
        this.verifier = verifier;
        this.clock = clock;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String method = call.getMethodDescriptor().getFullMethodName();
        String encoding = headers.get(ENCODING);
        if (encoding != null && !encoding.equals("identity")) {
            // The server bounds what it reads, not what that unpacks to: a megabyte could be a gigabyte.
            return refuse(call, method, Status.UNIMPLEMENTED.withDescription("grpc-encoding: \"" + encoding + "\" (expected: identity)"));
        }
        SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        List<X509Certificate> chain = session == null ? List.of() : chain(session);
        Optional<SpiffeId> id;
        try {
            id = chain.isEmpty() ? Optional.empty() : Optional.of(verifier.verify(chain));
        } catch (IllegalArgumentException e) {
            return refuse(call, method, Status.UNAUTHENTICATED.withDescription("client certificate: " + e.getMessage()));
        }
        Peer peer;
        try {
            Optional<BigInteger> serial = chain.stream().findFirst().map(X509Certificate::getSerialNumber);
            peer = new Peer(id, serial, session == null, token.isShownBy(headers.get(AUTHORIZATION)));
        } catch (IllegalArgumentException e) {
            return refuse(call, method, Status.UNAUTHENTICATED.withDescription(e.getMessage()));
        }
        Optional<Status> refusal = policy.refusal(peer, method);
        if (refusal.isPresent()) {
            return refuse(call, method, refusal.get());
        }
        ServerCall.Listener<Q> begun = Contexts.interceptCall(Context.current().withValue(Peer.KEY, peer), call, headers, next);
        if (call.getMethodDescriptor().getType().serverSendsOneMessage()) {
            return begun;
        }
        return calls.watch(begun, peer, chain.stream().findFirst().map(leaf -> leaf.getNotAfter().toInstant()), clock);
    }

    /** Ends the calls that go on and the connections they came on, of those who are banned now. */
    public void cut(BanList bans) {
        calls.cut(peer -> peer.id().isPresent() && bans.bans(peer.id().get(), peer.serial().orElseThrow()));
    }

    private static List<X509Certificate> chain(SSLSession session) {
        List<X509Certificate> chain = new ArrayList<>();
        try {
            for (Certificate certificate : session.getPeerCertificates()) {
                chain.add((X509Certificate) certificate);
            }
        } catch (SSLPeerUnverifiedException e) {
            // The caller showed none.
        }
        return chain;
    }

    private static <Q, A> ServerCall.Listener<Q> refuse(ServerCall<Q, A> call, String method, Status status) {
        // Who has no certificate may be anybody, and shall not fill the log.
        LOG.logf(status.getCode() == Status.Code.UNAUTHENTICATED ? Level.DEBUG : Level.WARN, "call of %s refused: %s", method,
            status.getDescription());
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
    }
}
