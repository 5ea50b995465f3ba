package mesh.proxy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import mesh.model.RateLimit;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;

class ClientKeyTest {

    private static final RateLimit.Key ADDRESS = new RateLimit.ClientAddress();

    @Test
    void whatAClientSaysOfItsAddressCountsForNothingWithoutTrust() throws Exception {
        assertThat(byAddress("10.0.0.1", 0, "1.1.1.1")).isEqualTo(byAddress("10.0.0.1", 0)).isNotEqualTo(byAddress("10.0.0.2", 0, "1.1.1.1"));
    }

    @Test
    void aTrustedHopsWordIsTheNthFromTheEndWhateverStandsBefore() throws Exception {
        long client = byAddress("1.1.1.1", 0);
        assertThat(byAddress("10.0.0.1", 1, "9.9.9.9, 1.1.1.1")).isEqualTo(client);
        assertThat(byAddress("10.0.0.1", 2, "9.9.9.9, 1.1.1.1, 10.0.0.2")).isEqualTo(client);
        assertThat(byAddress("10.0.0.1", 2, "9.9.9.9", "1.1.1.1 ,10.0.0.2")).isEqualTo(client);
        assertThat(byAddress("10.0.0.1", 2, "9.9.9.9", "1.1.1.1", "10.0.0.2")).isEqualTo(client);
        assertThat(byAddress("10.0.0.1", 1, "1.1.1.1, 9.9.9.9")).isNotEqualTo(client);
    }

    @Test
    void withFewerWordsThanHopsItIsWhoeverIsConnected() throws Exception {
        long peer = byAddress("10.0.0.1", 0);
        assertThat(byAddress("10.0.0.1", 1)).isEqualTo(peer);
        assertThat(byAddress("10.0.0.1", 3, "9.9.9.9", "1.1.1.1")).isEqualTo(peer);
    }

    @Test
    void oneIpv6NetworkIsOneClient() throws Exception {
        assertThat(byAddress("fd00:1:2:3::1", 0)).isEqualTo(byAddress("fd00:1:2:3:ffff::9", 0)).isNotEqualTo(byAddress("fd00:1:2:4::1", 0));
        assertThat(byAddress("10.0.0.1", 1, "fd00:1:2:3::7")).isEqualTo(byAddress("fd00:1:2:3::1", 0));
    }

    @Test
    void aHopMayCallItsClientWhatItLikes() throws Exception {
        assertThat(byAddress("10.0.0.1", 1, "unknown-client-01")).isEqualTo(byAddress("10.0.0.9", 1, "unknown-client-01"))
            .isNotEqualTo(byAddress("10.0.0.1", 1, "unknown-client-02"));
    }

    @Test
    void aFieldsValueTellsClientsApartAndThoseWithoutAreOne() throws Exception {
        FieldName field = FieldName.of("x-api-key");
        RateLimit.Key key = new RateLimit.Header("x-api-key");
        RequestHead with = RequestHead.of("GET", "/", "a");
        with.add(field, "one");
        RequestHead other = RequestHead.of("GET", "/", "a");
        other.add(field, "two");
        RequestHead without = RequestHead.of("GET", "/", "a");
        ClientKey a = client("10.0.0.1", null);
        ClientKey b = client("10.0.0.2", null);
        assertThat(a.of(key, field, with, 0)).isEqualTo(b.of(key, field, with, 0)).isNotEqualTo(a.of(key, field, other, 0));
        assertThat(a.of(key, field, without, 0)).isEqualTo(b.of(key, field, without, 0)).isNotEqualTo(a.of(key, field, with, 0));
    }

    @Test
    void aProvedIdentityIsOneClientWhereverItComesFrom() throws Exception {
        RateLimit.Key key = new RateLimit.PeerIdentity();
        RequestHead head = RequestHead.of("GET", "/", "a");
        long web = client("10.0.0.1", "spiffe://mesh.local/web").of(key, null, head, 0);
        assertThat(web).isEqualTo(client("10.0.0.2", "spiffe://mesh.local/web").of(key, null, head, 0));
        assertThat(web).isNotEqualTo(client("10.0.0.1", "spiffe://mesh.local/batch").of(key, null, head, 0));
        assertThat(client("10.0.0.1", null).of(key, null, head, 0)).isEqualTo(client("10.0.0.2", null).of(key, null, head, 0));
    }

    private static long byAddress(String connected, int trustedHops, String... forwarded) throws Exception {
        RequestHead head = RequestHead.of("GET", "/", "a");
        for (String each : forwarded) head.add(FieldName.X_FORWARDED_FOR, each);
        return client(connected, null).of(ADDRESS, null, head, trustedHops);
    }

    private static ClientKey client(String address, String peer) throws Exception {
        return new ClientKey(InetAddress.getByName(address), peer);
    }
}
