package mesh.control;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GlobalInterceptor;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.tls.runtime.KeyStoreAndKeyCertOptions;
import io.quarkus.tls.runtime.KeyStoreProvider;
import io.quarkus.tls.runtime.TrustStoreAndTrustOptions;
import io.quarkus.tls.runtime.TrustStoreProvider;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.quarkus.vertx.http.ManagementInterface;
import io.smallrye.common.annotation.Identifier;
import io.vertx.core.Vertx;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.enterprise.inject.Typed;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import mesh.control.backup.BackupService;
import mesh.control.ca.AuditLog;
import mesh.control.ca.BundleWatches;
import mesh.control.ca.CaService;
import mesh.control.ca.SvidIssuer;
import mesh.control.discovery.DiscoveredEndpoints;
import mesh.control.kubernetes.ApiServer;
import mesh.control.kubernetes.KubernetesServices;
import mesh.control.ports.Peer;
import mesh.control.ports.PeerInterceptor;
import mesh.control.ports.PlaintextPort;
import mesh.control.replica.Board;
import mesh.control.rollout.Rollouts;
import mesh.control.store.MeshStore;
import mesh.control.stream.DrainingEndpoints;
import mesh.control.stream.PeerSource;
import mesh.control.stream.SidecarRegistry;
import mesh.control.stream.StreamAge;
import mesh.time.Env;

/** Hands the parts of the {@link ControlPlane}, which {@code main} opened, to the servers and services that Quarkus makes. */
@Singleton
public final class Wiring {

    /** Of {@code quarkus.http.tls-configuration-name}. */
    private static final String TLS = "mesh";

    /** Set before Quarkus starts, because the servers' ports and certificates come from it. */
    private static volatile ControlPlane opened;

    private Injector injector;
    private KubernetesServices services;
    private DiscoveredEndpoints discovery;

    static void use(ControlPlane plane) {
        opened = plane;
    }

    @Produces
    @Singleton
    StartOptions options() {
        return opened.options();
    }

    @Produces
    @Singleton
    MeshStore store() {
        return opened.store();
    }

    @Produces
    @Singleton
    SvidIssuer issuer() {
        return opened.issuer();
    }

    @Produces
    @Singleton
    AuditLog audit() {
        return opened.audit();
    }

    @Produces
    @Singleton
    BundleWatches watches() {
        return opened.watches();
    }

    @Produces
    @Singleton
    CaService.Parts ca(SidecarRegistry sidecars) {
        return opened.caParts(sidecars, Env.system().clock());
    }

    @Produces
    @Singleton
    StreamAge age() {
        return new StreamAge(opened.options().streamAge(), Env.system().random());
    }

    @Produces
    @Singleton
    Board board() {
        return opened.board();
    }

    @Produces
    @Singleton
    BackupService.Logs logs() {
        return opened.logs();
    }

    /** By this type alone: whoever asks for a source of configurations without saying which gets the store. */
    @Produces
    @Singleton
    @Typed(DrainingEndpoints.class)
    DrainingEndpoints shown(MeshStore store) {
        return new DrainingEndpoints(store, Env.system().clock(), opened.board());
    }

    /** Also what each sidecar is to see. */
    @Produces
    @Singleton
    Rollouts rollouts(SidecarRegistry sidecars) throws IOException {
        return opened.rollouts(sidecars, Env.system().clock());
    }

    @Produces
    @Singleton
    PeerSource caller() {
        return () -> Peer.current().id();
    }

    @Produces
    @Singleton
    SidecarRegistry sidecars() {
        return new SidecarRegistry(Env.system().clock(), opened.board());
    }

    @Produces
    @Singleton
    @GlobalInterceptor
    PeerInterceptor peers() {
        return opened.peers();
    }

    @Produces
    @Singleton
    HttpServerOptionsCustomizer plaintextPort() {
        return new PlaintextPort(opened.options().plaintextListen());
    }

    /** The key store is only there because it must be: chain and key come from the key manager, and change while it runs. */
    @Produces
    @Singleton
    @Identifier(TLS)
    KeyStoreProvider servingKey() {
        return vertx -> new KeyStoreAndKeyCertOptions(emptyStore(), KeyCertOptions.wrap(opened.servingKey()));
    }

    @Produces
    @Singleton
    @Identifier(TLS)
    TrustStoreProvider trust() {
        return vertx -> new TrustStoreAndTrustOptions(emptyStore(), TrustOptions.wrap(opened.trust()));
    }

    private static KeyStore emptyStore() {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("every JDK has PKCS12", e);
        }
    }

    /** Where Prometheus looks unless told otherwise. */
    void metricsPath(@Observes ManagementInterface management) {
        management.router().get("/metrics").handler(request -> request.reroute("/q/metrics"));
    }

    void onStart(@Observes StartupEvent event, MeterRegistry registry, Vertx vertx) throws IOException {
        Gauges.register(registry, opened);
        discovery = new DiscoveredEndpoints(opened.options().discovery(), opened.store(), opened::leads, registry);
        if (opened.options().services().isPresent()) {
            services = new KubernetesServices(ApiServer.client(opened.options().kubernetes().orElseThrow(), vertx), opened.options().trustDomain(),
                opened.options().services().get(), opened.store(), opened::leads, registry);
        }
        if (opened.options().injector().isPresent()) {
            injector = Injector.start(opened, opened.options().injector().get(), vertx, registry);
        }
    }

    void onStop(@Observes ShutdownEvent event) throws IOException {
        if (injector != null) injector.close();
        if (services != null) services.close();
        if (discovery != null) discovery.close();
        opened.close();
    }
}
