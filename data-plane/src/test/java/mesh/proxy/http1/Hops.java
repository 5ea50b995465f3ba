package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.ConnectionPolicy;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.UpstreamProtocol;
import mesh.pki.TestPki;
import mesh.proxy.RawClient;
import mesh.proxy.Sidecar;
import mesh.proxy.Snapshots;
import mesh.time.Env;

/** What lies between a client and its upstreams: one sidecar, or the two of a mesh with mTLS between them. */
final class Hops implements AutoCloseable {

    private static final ConnectionPolicy PATIENT = new ConnectionPolicy(Duration.ofSeconds(10), Optional.empty(), UpstreamProtocol.DOWNSTREAM, 1024, 1024, 1024);

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar first;
    private final Sidecar second;

    /** @param count 1 or 2 */
    Hops(int count, int loops) {
        first = new Sidecar(Env.system(), loops);
        second = count == 2 ? new Sidecar(Env.system(), loops) : null;
        if (second == null) return;
        first.rotate(pki.svid("web"), pki.bundle());
        second.rotate(pki.svid("payments"), pki.bundle());
    }

    /** @param special about the client's sidecar */
    void lead(UnaryOperator<Snapshots> special, Address... upstreams) {
        Snapshots outbound = special.apply(Snapshots.http().connections(PATIENT));
        if (second == null) {
            for (Address each : upstreams) outbound.to(each, 1);
        } else {
            Snapshots inbound = Snapshots.http().connections(PATIENT).downstreamTls(new DownstreamTls(Set.of(pki.id("web"))));
            for (Address each : upstreams) inbound.to(each, 1);
            apply(second, inbound);
            outbound.to(new Endpoint(second.bound().get("web"), 1, Optional.of(pki.id("payments"))));
        }
        apply(first, outbound);
    }

    private static void apply(Sidecar sidecar, Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    RawClient connect() {
        return new RawClient(first.bound().get("web"));
    }

    @Override
    public void close() {
        first.close();
        if (second != null) second.close();
    }
}
