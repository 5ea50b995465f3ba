package mesh.proxy.discovery;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSession;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.pki.Svid;
import mesh.pki.SvidVerifier;
import mesh.pki.TestPki;
import mesh.v1.IdentityServiceGrpc.IdentityServiceImplBase;
import mesh.v1.SignCertificateRequest;
import mesh.v1.SignCertificateResponse;
import mesh.v1.TrustBundle;
import mesh.v1.WatchTrustBundleRequest;

/** The identity part of a control plane, with the mesh's own CA behind it, over TLS that asks for a certificate and does not insist. */
final class IdentityServer implements AutoCloseable {

    private static final Context.Key<String> CALLER = Context.key("caller");

    final List<String> callers = new CopyOnWriteArrayList<>();
    /** Node and number. */
    final List<String> acknowledged = new CopyOnWriteArrayList<>();
    final List<byte[]> received = new CopyOnWriteArrayList<>();
    private final TestPki pki;
    private final InstantSource clock;
    private volatile String token;
    private final List<StreamObserver<TrustBundle>> watches = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private volatile mesh.model.TrustBundle current;
    private volatile boolean refusing;
    private volatile String workload = "payments";
    private Server server;
    private Address address;

    IdentityServer(TestPki pki, InstantSource clock, String token) throws Exception {
        this(pki, clock, token, 0);
    }

    IdentityServer(TestPki pki, InstantSource clock, String token, int port) throws Exception {
        this.pki = pki;
        this.current = pki.bundle();
        this.clock = clock;
        this.token = token;
        serve(pki.svid("control-plane").withRoot(pki.bundle().authorities().get(0)), port);
    }

    private void serve(Svid shown, int port) throws Exception {
        var tls = SslContextBuilder.forServer(shown.key(), shown.chain().toArray(X509Certificate[]::new))
            // By the rules and the clock of the test it is looked at for each call.
            .trustManager(InsecureTrustManagerFactory.INSTANCE).clientAuth(ClientAuth.OPTIONAL).protocols("TLSv1.3");
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .sslContext(GrpcSslContexts.configure(tls, SslProvider.JDK).build())
            .addService(new Signing()).intercept(new WhoCalls()).build().start();
        address = new Address("127.0.0.1", server.getPort());
    }

    /** From now on, on the same port. */
    void show(Svid other) throws Exception {
        close();
        serve(other, address.port());
    }

    void issueFor(String other) {
        workload = other;
    }

    void expect(String other) {
        token = other;
    }

    void refuse(boolean on) {
        refusing = on;
    }

    int refusals() {
        return refusals.get();
    }

    int watching() {
        return watches.size();
    }

    /** Tells those who watch, and, as a control plane does, those who come later. */
    void send(mesh.model.TrustBundle bundle) {
        current = bundle;
        watches.forEach(watch -> watch.onNext(message(bundle)));
    }

    Address address() {
        return address;
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static boolean contains(byte[] text, byte[] part) {
        for (int i = 0; i + part.length <= text.length; i++) {
            if (Arrays.equals(text, i, i + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }

    /** The secret number of a key, without the sign byte. */
    static byte[] scalar(PrivateKey key) {
        byte[] bytes = ((ECPrivateKey) key).getS().toByteArray();
        return bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    private static TrustBundle message(mesh.model.TrustBundle bundle) {
        TrustBundle.Builder message = TrustBundle.newBuilder().setTrustDomain(bundle.trustDomain().name());
        bundle.authorities().forEach(each -> message.addCertificates(der(each)));
        bundle.bans().identities().forEach(id -> message.addBannedIds(id.toString()));
        bundle.bans().serials().forEach(serial -> message.addBannedSerials(serial.toString(16)));
        return message.build();
    }

    private static ByteString der(X509Certificate certificate) {
        try {
            return ByteString.copyFrom(certificate.getEncoded());
        } catch (java.security.cert.CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    private final class Signing extends IdentityServiceImplBase {

        @Override
        public void signCertificate(SignCertificateRequest request, StreamObserver<SignCertificateResponse> out) {
            received.add(request.toByteArray());
            String shown = request.getJoinToken() + request.getServiceAccountToken();
            String caller = shown.isEmpty() ? CALLER.get() : request.getJoinToken().isEmpty() ? "service account" : "token";
            boolean proven = shown.isEmpty() ? !caller.isEmpty() : shown.equals(token);
            if (refusing || !proven) {
                refusals.incrementAndGet();
                out.onError((refusing ? Status.UNAVAILABLE : Status.UNAUTHENTICATED.withDescription("no good join token")).asException());
                return;
            }
            callers.add(caller);
            SpiffeId id = shown.isEmpty() ? SpiffeId.parse(caller) : pki.id(workload);
            SignCertificateResponse.Builder response = SignCertificateResponse.newBuilder().setTrustBundle(message(pki.bundle()));
            pki.authority().sign(request.getCsr().toByteArray(), id, Duration.ofDays(1)).forEach(each -> response.addCertificateChain(der(each)));
            out.onNext(response.build());
            out.onCompleted();
        }

        @Override
        public StreamObserver<WatchTrustBundleRequest> watchTrustBundle(StreamObserver<TrustBundle> out) {
            Numbered numbered = new Numbered(out);
            ((ServerCallStreamObserver<TrustBundle>) out).setOnCancelHandler(() -> watches.remove(numbered));
            numbered.onNext(message(current));
            watches.add(numbered);
            return new StreamObserver<>() {
                @Override
                public void onNext(WatchTrustBundleRequest request) {
                    acknowledged.add(request.getNode() + " " + request.getAcknowledged());
                }

                @Override
                public void onError(Throwable broken) {}

                @Override
                public void onCompleted() {}
            };
        }
    }

    private record Numbered(StreamObserver<TrustBundle> out, AtomicInteger count) implements StreamObserver<TrustBundle> {

        Numbered(StreamObserver<TrustBundle> out) {
            this(out, new AtomicInteger());
        }

        @Override
        public void onNext(TrustBundle bundle) {
            out.onNext(bundle.toBuilder().setNumber(count.incrementAndGet()).build());
        }

        @Override
        public void onError(Throwable broken) {
            out.onError(broken);
        }

        @Override
        public void onCompleted() {
            out.onCompleted();
        }
    }

    private final class WhoCalls implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            return Contexts.interceptCall(Context.current().withValue(CALLER, caller(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION))),
                call, headers, next);
        }

        private String caller(SSLSession session) {
            try {
                List<X509Certificate> chain = Arrays.stream(session.getPeerCertificates()).map(X509Certificate.class::cast).toList();
                return SvidVerifier.verify(chain, pki.bundle(), clock.instant()).toString();
            } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
                return "";
            }
        }
    }
}
