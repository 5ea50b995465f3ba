package mesh.proxy.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Supplier;
import mesh.model.BanList;
import mesh.model.TrustBundle;
import mesh.pki.CaPin;
import mesh.pki.Svid;
import mesh.pki.TestPki;
import mesh.proxy.state.StateDirectory;
import mesh.time.Env;
import mesh.time.FakeClock;
import mesh.v1.IdentityServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a gRPC server over real TLS that signs as the control plane does. */
class IdentitySourceTest {

    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final TestPki pki = TestPki.create(clock);
    private final List<Svid> current = new CopyOnWriteArrayList<>();
    private final List<TrustBundle> trusted = new CopyOnWriteArrayList<>();
    private final List<Boolean> renewals = new CopyOnWriteArrayList<>();
    private IdentityServer server;
    private IdentitySource source;

    @BeforeEach
    void start() throws Exception {
        server = new IdentityServer(pki, clock, "good-token");
        source = source(Optional.of(pki.authority().pin()), Optional.of("good-token"));
    }

    private IdentitySource source(Optional<String> pin, Optional<String> token) throws Exception {
        Path file = directory.resolve("token");
        if (token.isPresent()) {
            Files.writeString(file, token.get() + "\n");
        }
        return sourceBy(pin, token.map(text -> new FirstProof(FirstProof.Kind.JOIN_TOKEN, file)));
    }

    private IdentitySource sourceBy(Optional<FirstProof> proof) throws Exception {
        return sourceBy(Optional.of(pki.authority().pin()), proof);
    }

    private IdentitySource sourceBy(Optional<String> pin, Optional<FirstProof> proof) throws Exception {
        var origin = new IdentitySource.Origin(List.of(server.address()), "payments-1", "payments", pin.map(CaPin::parse), proof);
        return new IdentitySource(origin, StateDirectory.open(directory.resolve("state")), (svid, bundle) -> {
            current.add(svid);
            trusted.add(bundle);
        }, renewals::add, new Env(clock, clock, Env.system().random()), IdentitySourceTest::atOnce, new ScheduledThreadPoolExecutor(1));
    }

    /** Renewal looks at the clock each time it is woken; a test wakes it by another {@code follow}. */
    private static CompletionStage<Void> atOnce(Supplier<CompletionStage<Void>> attempt) {
        CompletableFuture<Void> good = new CompletableFuture<>();
        again(attempt, good);
        return good;
    }

    private static void again(Supplier<CompletionStage<Void>> attempt, CompletableFuture<Void> good) {
        attempt.get().whenCompleteAsync((done, failure) -> {
            if (failure == null) {
                good.complete(null);
            } else {
                again(attempt, good);
            }
        }, CompletableFuture.delayedExecutor(20, java.util.concurrent.TimeUnit.MILLISECONDS));
    }

    @AfterEach
    void stop() {
        source.close();
        server.close();
    }

    @Test
    void getsItsFirstCertificateForAToken() {
        assertThat(source.open()).isEmpty();
        assertThat(current).singleElement().satisfies(svid -> assertThat(svid.id()).isEqualTo(pki.id("payments")));
        assertThat(trusted).containsExactly(pki.bundle());
        assertThat(server.callers).containsExactly("token");
    }

    @Test
    void neverSendsTheKey() {
        source.open();
        byte[] secret = current.get(0).key().getEncoded();
        assertThat(server.received).isNotEmpty().allSatisfy(message -> {
            assertThat(IdentityServer.contains(message, secret)).isFalse();
            assertThat(IdentityServer.contains(message, IdentityServer.scalar(current.get(0).key()))).isFalse();
        });
    }

    @Test
    void keepsItsIdentityReadableByItsOwnerOnly() throws Exception {
        source.open();
        Path state = directory.resolve("state");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state))).isEqualTo("rwx------");
        try (var files = Files.list(state)) {
            assertThat(files).hasSize(2).allSatisfy(file ->
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------"));
        }
    }

    @Test
    void startsAgainWithoutTokenAndControlPlane() throws Exception {
        source.open();
        source.close();
        server.close();
        source = source(Optional.empty(), Optional.empty());
        assertThat(source.open()).isEmpty();
        assertThat(current).hasSize(2);
        assertThat(current.get(1).leaf()).isEqualTo(current.get(0).leaf());
        assertThat(current.get(1).key()).isEqualTo(current.get(0).key());
    }

    @Test
    void refusesAStateDirectoryThatOthersMayRead() throws Exception {
        source.open();
        Path identity = directory.resolve("state/svid.pem");
        Files.setPosixFilePermissions(identity, PosixFilePermissions.fromString("rw-r--r--"));
        source.close();
        source = source(Optional.empty(), Optional.empty());
        assertThat(source.open()).hasValueSatisfying(why -> assertThat(why).contains("svid.pem: mode rw-r--r--").contains("chmod"));
        assertThat(current).hasSize(1);
    }

    @Test
    void refusesAControlPlaneWithAnotherPinAndKeepsItsToken() throws Exception {
        source = source(Optional.of(TestPki.create(clock).authority().pin()), Optional.of("good-token"));
        assertThat(source.open()).hasValueSatisfying(why -> assertThat(why).contains("no certificate with the pin sha256:"));
        assertThat(server.received).isEmpty();
        assertThat(current).isEmpty();
    }

    @Test
    void refusesAnotherWorkloadInPlaceOfTheControlPlane() throws Exception {
        server.show(pki.svid("payments").withRoot(pki.bundle().authorities().get(0)));
        assertThat(source.open()).hasValueSatisfying(why ->
            assertThat(why).contains("spiffe://mesh.local/payments (expected: spiffe://mesh.local/control-plane)"));
        assertThat(server.received).isEmpty();
    }

    @Test
    void endsAtOnceWhenTheTokenIsRefused() throws Exception {
        source = source(Optional.of(pki.authority().pin()), Optional.of("used-token"));
        assertThat(source.open()).hasValueSatisfying(why -> assertThat(why).contains("UNAUTHENTICATED").contains("no good join token"));
    }

    @Test
    void saysWhatIsMissingForAFirstCertificate() throws Exception {
        source = source(Optional.of(pki.authority().pin()), Optional.empty());
        assertThat(source.open()).hasValueSatisfying(why ->
            assertThat(why).contains("no identity in it (expected: --join-token-file or --service-account-token-file, for a new one)"));
    }

    @Test
    void aServiceAccountsTokenIsReadAnewForEachCertificateThatNeedsOne() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "first\n");
        Optional<FirstProof> account = Optional.of(new FirstProof(FirstProof.Kind.SERVICE_ACCOUNT_TOKEN, token));
        server.expect("first");
        assertThat(sourceBy(account).open()).isEmpty();
        // What Kubernetes does as long as the pod lives; the sidecar was away for longer than its certificate is good.
        Files.writeString(token, "second\n");
        server.expect("second");
        clock.advance(DAY.multipliedBy(2));
        server.show(pki.svid("control-plane").withRoot(pki.bundle().authorities().get(0)));
        assertThat(sourceBy(account).open()).isEmpty();
        assertThat(server.callers).containsExactly("service account", "service account");

        Files.writeString(token, "\n");
        clock.advance(DAY.multipliedBy(2));
        assertThat(sourceBy(account).open()).hasValueSatisfying(why -> assertThat(why).isEqualTo(token + ": empty (expected: a token)"));
    }

    @Test
    void refusesATokenOfAnotherWorkload() throws Exception {
        server.issueFor("web");
        assertThat(source.open()).hasValueSatisfying(why ->
            assertThat(why).contains("is for spiffe://mesh.local/web (expected: workload \"payments\""));
        assertThat(current).isEmpty();
    }

    @Test
    void goesOnWithoutAControlPlaneAndAsksAgain() throws Exception {
        int port = server.address().port();
        server.close();
        assertThat(source.open()).isEmpty();
        assertThat(source.hasOne()).isFalse();
        source.follow();
        server = new IdentityServer(pki, clock, "good-token", port);
        await().untilAsserted(() -> assertThat(current).isNotEmpty());
    }

    @Test
    void renewsOverMutualTlsWithANewKey() {
        source.open();
        clock.advance(DAY.minus(Duration.ofHours(1)));
        source.follow();
        await().untilAsserted(() -> assertThat(current).hasSize(2));
        assertThat(server.callers).containsExactly("token", "spiffe://mesh.local/payments");
        assertThat(current.get(1).key()).isNotEqualTo(current.get(0).key());
        assertThat(current.get(1).leaf().getNotAfter()).isAfter(current.get(0).leaf().getNotAfter());
    }

    @Test
    void doesNotRenewBeforeItsTime() throws Exception {
        source.open();
        clock.advance(DAY.minus(Duration.ofHours(1)).minus(Duration.ofMinutes(6)).minusSeconds(1));
        source.follow();
        await().until(() -> server.watching() == 1);
        assertThat(current).hasSize(1);
    }

    @Test
    void servesOnWhileRenewalFails() {
        source.open();
        clock.advance(DAY.minus(Duration.ofMinutes(30)));
        server.refuse(true);
        source.follow();
        await().until(() -> server.refusals() > 2);
        assertThat(current).hasSize(1);
        server.refuse(false);
        await().untilAsserted(() -> assertThat(current).hasSize(2));
        assertThat(renewals).startsWith(true, false, false).endsWith(true);
    }

    @Test
    void followsTheTrustBundleAndKeepsIt() throws Exception {
        source.open();
        source.follow();
        await().until(() -> server.watching() == 1);
        TrustBundle both = new TrustBundle(pki.bundle().trustDomain(),
            List.of(pki.bundle().authorities().get(0), TestPki.create(clock).bundle().authorities().get(0)));
        server.send(both);
        await().untilAsserted(() -> assertThat(trusted).last().isEqualTo(both));
        assertThat(StateDirectory.open(directory.resolve("state")).identity().orElseThrow().bundle()).isEqualTo(both);
    }

    @Test
    void followsBansAndKeepsThem() throws Exception {
        source.open();
        source.follow();
        await().until(() -> server.watching() == 1);
        TrustBundle banning = pki.bundle().with(new BanList(Set.of(pki.id("web")), Set.of(BigInteger.valueOf(0xbad))));
        server.send(banning);
        await().untilAsserted(() -> assertThat(trusted).last().isEqualTo(banning));
        assertThat(StateDirectory.open(directory.resolve("state")).identity().orElseThrow().bundle()).isEqualTo(banning);
    }

    @Test
    void saysWhichBundleIsInForce() throws Exception {
        source.open();
        source.follow();
        await().untilAsserted(() -> assertThat(server.acknowledged).contains("payments-1 1"));
        server.send(TestPki.create("other.local", clock).bundle());
        server.send(pki.bundle().with(new BanList(Set.of(pki.id("web")), Set.of())));
        await().untilAsserted(() -> assertThat(server.acknowledged).filteredOn(each -> !each.endsWith(" 0")).hasSizeGreaterThan(1));
        assertThat(server.acknowledged).as("not in force").doesNotContain("payments-1 2");
    }

    @Test
    void renewsSoonWhenAnotherRootSigns() throws Exception {
        source.open();
        source.follow();
        await().until(() -> server.watching() == 1);
        TestPki next = TestPki.create(clock);
        TrustBundle both = new TrustBundle(pki.bundle().trustDomain(),
            List.of(next.bundle().authorities().get(0), pki.bundle().authorities().get(0)));
        server.send(both);
        await().untilAsserted(() -> assertThat(trusted).last().isEqualTo(both));
        assertThat(server.callers).hasSize(1);
        clock.advance(Duration.ofSeconds(10));
        source.follow();
        await().untilAsserted(() -> assertThat(trusted).containsExactly(pki.bundle(), both, pki.bundle(), both));
        assertThat(server.callers).hasSize(2);
    }

    @Test
    void renewsWhenItIsTold() throws Exception {
        source.open();
        source.follow();
        source.renew();
        await().untilAsserted(() -> assertThat(current).hasSize(2));
        assertThat(current.get(1).leaf().getPublicKey()).isNotEqualTo(current.get(0).leaf().getPublicKey());
    }

    @Test
    void ignoresTheBundleOfAnotherTrustDomain() throws Exception {
        source.open();
        source.follow();
        await().until(() -> server.watching() == 1);
        server.send(TestPki.create("other.local", clock).bundle());
        TrustBundle both = new TrustBundle(pki.bundle().trustDomain(),
            List.of(pki.bundle().authorities().get(0), TestPki.create(clock).bundle().authorities().get(0)));
        server.send(both);
        await().untilAsserted(() -> assertThat(trusted).last().isEqualTo(both));
        assertThat(trusted).containsExactly(pki.bundle(), both);
    }

    @Test
    void aControlPlaneOfAnotherAuthorityIsNotBelievedLater() throws Exception {
        source.open();
        TestPki stranger = TestPki.create(clock);
        server.show(stranger.svid("control-plane").withRoot(stranger.bundle().authorities().get(0)));
        var call = IdentityServiceGrpc.newBlockingStub(source.channel());
        // The connection that stands was made with the right one.
        source.channel().enterIdle();
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() ->
            call.signCertificate(mesh.v1.SignCertificateRequest.getDefaultInstance()))).isInstanceOf(StatusRuntimeException.class)
            .rootCause().hasMessageContaining("not vouched for by an authority of mesh.local");
    }
}
