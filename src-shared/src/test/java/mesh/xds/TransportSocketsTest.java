package mesh.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import java.io.IOException;
import java.util.Set;
import mesh.model.DownstreamTls;
import mesh.model.SpiffeId;
import org.junit.jupiter.api.Test;

class TransportSocketsTest {

    private static final SpiffeId PARTNER = SpiffeId.parse("spiffe://partner.example/shop");

    /** An Envoy would let in whoever any of the bundles vouches for. */
    @Test
    void whoNamesNobodyBelievesOnesOwnTrustDomainOnly() throws IOException {
        assertThat(trust(TransportSockets.downstream(new DownstreamTls(Set.of()), true))).isEqualTo("ROOTCA");
    }

    @Test
    void whoNamesIdentitiesBelievesOthersWhereThereAreAny() throws IOException {
        assertThat(trust(TransportSockets.downstream(new DownstreamTls(Set.of(PARTNER)), true))).isEqualTo("ALL");
        assertThat(trust(TransportSockets.downstream(new DownstreamTls(Set.of(PARTNER)), false))).isEqualTo("ROOTCA");
    }

    private static String trust(TransportSocket socket) throws IOException {
        CommonTlsContext common = socket.getTypedConfig().unpack(DownstreamTlsContext.class).getCommonTlsContext();
        return common.getCombinedValidationContext().getValidationContextSdsSecretConfig().getName();
    }
}
