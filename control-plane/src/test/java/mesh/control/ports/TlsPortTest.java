package mesh.control.ports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import mesh.control.ca.AuditLog;
import mesh.control.ca.BundleWatches;
import mesh.control.ca.IdentityService;
import mesh.control.ca.JoinTokens;
import mesh.control.ca.LiveLeaves;
import mesh.control.ca.OneAuthority;
import mesh.control.ca.SvidIssuer;
import mesh.control.ca.TokenReviewer;
import mesh.control.ca.Workload;
import mesh.control.journal.CrashingFiles;
import mesh.control.store.MeshStore;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.Svid;
import mesh.pki.SvidVerifier;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.IdentityServiceGrpc.IdentityServiceBlockingStub;
import mesh.v1.SignCertificateRequest;
import mesh.v1.SignCertificateResponse;
import mesh.v1.TrustBundle;
import mesh.v1.WatchTrustBundleRequest;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real handshake, the way of a workload from its join token to its renewal, and those who are turned away. */
class TlsPortTest {

    private static final TrustDomain DOMAIN = new TrustDomain("mesh.local");
    private static final SpiffeId WEB = SpiffeId.parse("spiffe://mesh.local/web");

    /** TLS engines look at the real clock. */
    private final InstantSource clock = InstantSource.system();
    private final CrashingFiles files = new CrashingFiles(new Random(1));
    private final CertificateAuthority ca = CertificateAuthority.create(DOMAIN, clock);
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final Workload workload = new Workload();
    private SvidIssuer issuer;
    private MeshStore store;
    private ServingKey serving;
    private Server server;

    @BeforeEach
    void start() throws Exception {
        issuer = new SvidIssuer(new OneAuthority(ca), JoinTokens.open(files, clock, new Random(2)), TokenReviewer.NONE, AuditLog.open(files, clock),
            new LiveLeaves(clock), Duration.ofHours(1), System::nanoTime);
        store = MeshStore.open(files, () -> Optional.of(ca.bundle()), clock);
        serving = new ServingKey(ca.issue(issuer.reserved(), Duration.ofHours(1)));
        PeerInterceptor.ChainVerifier verifier = chain -> SvidVerifier.verify(chain, ca.bundle(), clock.instant());
        var tls = SslContextBuilder.forServer(serving).trustManager(new PeerTrust(ca::bundle, verifier))
            .clientAuth(ClientAuth.OPTIONAL).protocols("TLSv1.3");
        server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .sslContext(GrpcSslContexts.configure(tls, SslProvider.JDK).build())
            .intercept(new PeerInterceptor(new CallPolicy(Set.of(), Set.of(), false), AdminToken.of("t".repeat(43)), verifier, clock))
            .addService(new IdentityService(issuer, store, new BundleWatches(clock), new SimpleMeterRegistry()))
            .build().start();
    }

    @AfterEach
    void stop() throws Exception {
        channels.forEach(ManagedChannel::shutdownNow);
        server.shutdownNow();
        assertThat(server.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        store.close();
    }

    @Test
    void takesAWorkloadFromItsTokenToItsRenewal() throws Exception {
        String token = issuer.createToken(WEB, "test").text();
        SignCertificateResponse first = client(null).signCertificate(request(token));
        Svid svid = new Svid(WEB, chain(first), workload.key());
        assertThat(SvidVerifier.verify(svid.chain(), ca.bundle(), clock.instant())).isEqualTo(WEB);
        assertThat(first.getTrustBundle().getCertificatesList()).containsExactly(ByteString.copyFrom(ca.bundle().authorities().get(0).getEncoded()));
        assertThat(first.getNotAfter().getSeconds()).isEqualTo(svid.leaf().getNotAfter().getTime() / 1000);

        SignCertificateResponse renewed = client(svid).signCertificate(request(""));
        assertThat(SvidVerifier.verify(chain(renewed), ca.bundle(), clock.instant())).isEqualTo(WEB);
        assertThat(chain(renewed).get(0).getSerialNumber()).isNotEqualTo(svid.leaf().getSerialNumber());
    }

    @Test
    void signsNothingForAStranger() {
        assertRefused(Status.Code.UNAUTHENTICATED, () -> client(null).signCertificate(request("")));
    }

    @Test
    void refusesCallsWithoutACertificate() {
        assertRefused(Status.Code.UNAUTHENTICATED, () -> watch(client(null)));
    }

    /** What a compressed message unpacks to has no limit, and this port reads those of strangers. */
    @Test
    void refusesCompressedMessages() throws Exception {
        String token = issuer.createToken(WEB, "test").text();

        assertRefused(Status.Code.UNIMPLEMENTED, () -> client(null).withCompression("gzip").signCertificate(request(token)));
    }

    @Test
    void refusesTheCertificateOfAnotherAuthority() {
        Svid forged = CertificateAuthority.create(DOMAIN, clock).issue(WEB, Duration.ofHours(1));

        assertRefused(Status.Code.UNAVAILABLE, () -> client(forged).signCertificate(request("")));
    }

    @Test
    void refusesAnExpiredCertificate() {
        // Certificates know whole seconds: this one ended with the last full one.
        Svid expired = ca.issue(WEB, Duration.ofMillis(1));

        assertRefused(Status.Code.UNAVAILABLE, () -> client(expired).signCertificate(request("")));
    }

    @Test
    void tellsTheTrustBundleAtOnce() throws Throwable {
        TrustBundle bundle = watch(client(ca.issue(WEB, Duration.ofHours(1))));
        assertThat(bundle.getTrustDomain()).isEqualTo("mesh.local");
        assertThat(bundle.getCertificatesList()).containsExactly(ByteString.copyFrom(ca.bundle().authorities().get(0).getEncoded()));
    }

    @Test
    void showsItsNewCertificateFromTheNextHandshakeOn() throws Exception {
        Svid next = ca.issue(issuer.reserved(), Duration.ofHours(1));
        List<X509Certificate> shown = new ArrayList<>();
        shown.add(shown());
        serving.replace(next);
        shown.add(shown());

        assertThat(shown.get(1)).isEqualTo(next.leaf()).isNotEqualTo(shown.get(0));
    }

    private X509Certificate shown() throws Exception {
        var context = SSLContext.getInstance("TLSv1.3");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        try (var socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.getPort())) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private IdentityServiceBlockingStub client(Svid svid) {
        try {
            SslContextBuilder tls = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
                .trustManager(InsecureTrustManagerFactory.INSTANCE);
            if (svid != null) {
                tls.keyManager(svid.key(), svid.chain());
            }
            ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).sslContext(tls.build()).build();
            channels.add(channel);
            return IdentityServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
        } catch (SSLException e) {
            throw new AssertionError(e);
        }
    }

    /** The first bundle. */
    private static TrustBundle watch(IdentityServiceBlockingStub client) throws Throwable {
        CompletableFuture<TrustBundle> first = new CompletableFuture<>();
        var requests = IdentityServiceGrpc.newStub(client.getChannel()).watchTrustBundle(new StreamObserver<>() {
            @Override
            public void onNext(TrustBundle bundle) {
                first.complete(bundle);
            }

            @Override
            public void onError(Throwable broken) {
                first.completeExceptionally(broken);
            }

            @Override
            public void onCompleted() {
                first.cancel(false);
            }
        });
        requests.onNext(WatchTrustBundleRequest.getDefaultInstance());
        try {
            return first.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    private SignCertificateRequest request(String token) {
        return SignCertificateRequest.newBuilder().setCsr(ByteString.copyFrom(workload.csr())).setJoinToken(token).build();
    }

    private static List<X509Certificate> chain(SignCertificateResponse response) throws Exception {
        List<X509Certificate> chain = new ArrayList<>();
        for (ByteString der : response.getCertificateChainList()) {
            chain.add((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der.toByteArray())));
        }
        return chain;
    }

    private static void assertRefused(Status.Code code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class,
            refused -> assertThat(refused.getStatus().getCode()).as(refused.getMessage()).isEqualTo(code));
    }
}
