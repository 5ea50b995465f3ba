package mesh.proxy.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import mesh.model.HashPolicy;
import mesh.model.HashPolicy.Cookie;
import mesh.model.HashPolicy.Header;
import mesh.model.HashPolicy.PeerIdentity;
import mesh.model.HashPolicy.SourceAddress;
import mesh.proxy.balancer.Balancer;
import mesh.proxy.balancer.XxHash64;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;

class RouteKeyTest {

    private static final long ADDRESS = 11, PEER = 22, GIVEN = 33;

    /** What is known of the client; says which cookie it was given. */
    private static final class Client implements RouteKey.Client {

        int hops;
        long peer = PEER;
        Cookie given;

        @Override
        public long address() {
            return ADDRESS;
        }

        @Override
        public int trustedHops() {
            return hops;
        }

        @Override
        public long peer() {
            return peer;
        }

        @Override
        public long give(Cookie cookie) {
            given = cookie;
            return GIVEN;
        }
    }

    private final Client client = new Client();

    @Test
    void aHeadersKeyIsTheHashOfItsValue() {
        assertThat(key("x-user: ann", new Header("X-User"))).isEqualTo(XxHash64.of("ann"));
        assertThat(key("x-user:", new Header("x-user"))).as("of an empty one").isEqualTo(XxHash64.of(""));
        assertThat(key("x-other: ann", new Header("x-user"))).isEqualTo(Balancer.NO_KEY);
    }

    @Test
    void theOrderOfAHeadersFieldsDoesNotMatter() {
        long key = key("x-user: ann\nx-user: bob", new Header("x-user"));
        assertThat(key("x-user: bob\nx-user: ann", new Header("x-user"))).isEqualTo(key);
        assertThat(key("x-user: ann", new Header("x-user"))).isNotEqualTo(key);
        byte[] bob = {'b', 'o', 'b'};
        assertThat(key).isEqualTo(XxHash64.of(bob, 0, 3, XxHash64.of("ann")));
    }

    @Test
    void pathAndHostCanBeAKey() {
        assertThat(key("host: shop", new Header(":path"))).isEqualTo(XxHash64.of("/a?b=c"));
        assertThat(key("host: shop", new Header(":authority"))).isEqualTo(XxHash64.of("shop"));
    }

    @Test
    void aCookieIsFoundAmongOthersWithoutItsQuotes() {
        Cookie session = cookie("session", null);
        for (String field : List.of("session=abc", "a=b; session=abc; c=d", "xsession=1; session=abc", "session=\"abc\"", "a=b;session=abc ",
            "a=b\ncookie: session=abc; session=other", "session=; session=abc")) {
            assertThat(key("cookie: " + field, session)).as(field).isEqualTo(XxHash64.of("abc"));
        }
        for (String field : List.of("Session=abc", "session", "session=", "sess=abc", "session =abc", "\"session=abc\"", ";;", "")) {
            assertThat(key("cookie: " + field, session)).as(field).isEqualTo(Balancer.NO_KEY);
        }
        assertThat(client.given).isNull();
    }

    @Test
    void aClientWithoutTheCookieIsGivenOneWhereThatIsAskedFor() {
        Cookie session = cookie("session", Duration.ofHours(1));
        assertThat(key("cookie: session=abc", session)).isEqualTo(XxHash64.of("abc"));
        assertThat(client.given).isNull();
        assertThat(key("cookie: a=b", session)).isEqualTo(GIVEN);
        assertThat(client.given).isEqualTo(session);
    }

    @Test
    void anAddressIsTheConnectionsUnlessHopsAreBelieved() {
        String forwarded = "x-forwarded-for: 1.1.1.1, 2.2.2.2\nx-forwarded-for:\t3.3.3.3 ";
        assertThat(key(forwarded, new SourceAddress())).isEqualTo(ADDRESS);
        client.hops = 1;
        assertThat(key(forwarded, new SourceAddress())).isEqualTo(XxHash64.of("3.3.3.3"));
        client.hops = 2;
        assertThat(key(forwarded, new SourceAddress())).isEqualTo(XxHash64.of("2.2.2.2"));
        client.hops = 4;
        assertThat(key(forwarded, new SourceAddress())).as("fewer than are believed").isEqualTo(ADDRESS);
    }

    @Test
    void aPeersKeyIsItsIdentitys() {
        assertThat(key("a: b", new PeerIdentity())).isEqualTo(PEER);
        client.peer = Balancer.NO_KEY;
        assertThat(key("a: b", new PeerIdentity())).isEqualTo(Balancer.NO_KEY);
    }

    @Test
    void partsAreCombinedAsAnEnvoyDoesAndAbsentOnesPassedOver() {
        HashPolicy user = new HashPolicy(new Header("x-user"));
        HashPolicy address = new HashPolicy(new SourceAddress());
        assertThat(key("x-user: ann", user, address)).isEqualTo(Long.rotateLeft(XxHash64.of("ann"), 1) ^ ADDRESS);
        assertThat(key("a: b", user, address)).isEqualTo(ADDRESS);
        assertThat(key("x-user: ann", user, user)).as("twice the same does not cancel out").isNotEqualTo(Balancer.NO_KEY);
    }

    @Test
    void aTerminalPartLeavesOutTheRestOnceThereIsAKey() {
        HashPolicy user = new HashPolicy(new Header("x-user"), true);
        HashPolicy session = new HashPolicy(cookie("session", Duration.ZERO));
        assertThat(key("x-user: ann", user, session)).isEqualTo(XxHash64.of("ann"));
        assertThat(client.given).as("nor is a cookie given").isNull();
        assertThat(key("a: b", user, session)).isEqualTo(GIVEN);
    }

    private static Cookie cookie(String name, Duration ttl) {
        return new Cookie(name, Optional.ofNullable(ttl), "");
    }

    private long key(String fields, HashPolicy.By by) {
        return key(fields, new HashPolicy(by));
    }

    private long key(String fields, HashPolicy... policies) {
        RequestHead head = RequestHead.of("GET", "/a?b=c", "shop");
        for (String line : fields.split("\n")) {
            int colon = line.indexOf(':');
            String name = line.substring(0, colon);
            if (!name.equals("host")) head.add(name, line.substring(colon + 1).strip());
        }
        return new RouteKey(Arrays.asList(policies)).of(head, client);
    }
}
