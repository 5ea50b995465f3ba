package mesh.control.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import mesh.dns.NameServer;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointDiscovery.AddressFamily;
import mesh.model.EndpointDiscovery.Dns;
import mesh.model.SpiffeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Packets from a name server, as endpoints. */
class DnsClientTest {

    private static final String HOST = "payments.test";
    private static final String SERVICE = "_http._tcp.payments.test";

    private final NameServer server = new NameServer();
    private final DnsClient client = new DnsClient(List.of(new Address("127.0.0.1", server.port())), Duration.ofMillis(200));

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void addressesOfAHostAreEndpointsForAsLongAsTheyAreGood() {
        server.host(HOST, 30, "10.0.0.2", "10.0.0.1");
        assertThat(ask(host(AddressFamily.V4_PREFERRED))).isEqualTo(found(30, endpoint("10.0.0.1:9001", 1, 0), endpoint("10.0.0.2:9001", 1, 0)));
    }

    @Test
    void aHostOfBothFamiliesCountsOnceUnlessItIsAskedForBoth() {
        server.host(HOST, 30, "fd00::1", "10.0.0.1");
        Endpoint v4 = endpoint("10.0.0.1:9001", 1, 0);
        Endpoint v6 = endpoint("[fd00:0:0:0:0:0:0:1]:9001", 1, 0);
        assertThat(ask(host(AddressFamily.V4_PREFERRED))).isEqualTo(found(30, v4));
        assertThat(ask(host(AddressFamily.V6_ONLY))).isEqualTo(found(30, v6));
        assertThat(ask(host(AddressFamily.ALL))).isEqualTo(found(30, v4, v6));
        server.host(HOST, 30, "fd00::1");
        assertThat(ask(host(AddressFamily.V4_PREFERRED))).isEqualTo(found(30, v6));
        assertThat(ask(host(AddressFamily.V4_ONLY))).isInstanceOf(DnsAnswer.None.class);
    }

    @Test
    void servicesHavePortsWeightsAndPrioritiesOfTheirOwn() {
        server.host("a.test", 60, "10.0.0.1");
        server.host("b.test", 20, "10.0.0.2", "10.0.0.3");
        server.service(SERVICE, 40, "10 5 9001 a.test", "20 0 9002 b.test", "10 7 9003 gone.test");
        SpiffeId id = SpiffeId.parse("spiffe://mesh.local/payments");
        DnsAnswer answer = ask(new Dns(SERVICE, 0, AddressFamily.V4_PREFERRED, Optional.of(id)));
        assertThat(answer).isEqualTo(found(20, of(id, "10.0.0.1:9001", 5, 0), of(id, "10.0.0.2:9002", 1, 1), of(id, "10.0.0.3:9002", 1, 1)));
    }

    @Test
    void aServiceThatIsDecidedlyNotThereHasNone() {
        server.service(SERVICE, 40, "0 0 0 .");
        assertThat(ask(service())).isInstanceOf(DnsAnswer.None.class);
    }

    @Test
    void aHostOfAServiceThatIsNotKnownMakesTheAnswerUnknown() {
        server.host("a.test", 60, "10.0.0.1");
        server.service(SERVICE, 40, "0 1 9001 a.test", "0 1 9001 b.test");
        server.fail("b.test", 2);
        assertThat(ask(service())).isInstanceOf(DnsAnswer.Failed.class);
    }

    @Test
    void aNameThatDoesNotExistAndOneWithoutRecordsAreNoFailures() {
        assertThat(ask(host(AddressFamily.ALL))).isInstanceOf(DnsAnswer.None.class);
        assertThat(ask(service())).isInstanceOf(DnsAnswer.None.class);
        server.host(HOST, 30);
        assertThat(ask(host(AddressFamily.V4_PREFERRED))).isInstanceOf(DnsAnswer.None.class);
    }

    @Test
    void aNameServerThatFailsOrIsSilentKnowsNothing() {
        server.host(HOST, 30, "10.0.0.1");
        server.fail(HOST, 2);
        assertThat(ask(host(AddressFamily.V4_PREFERRED))).isInstanceOf(DnsAnswer.Failed.class);
        server.fail(HOST, 0);
        server.silent(true);
        assertThat(ask(host(AddressFamily.V4_PREFERRED))).isInstanceOf(DnsAnswer.Failed.class);
        assertThat(ask(service())).isInstanceOf(DnsAnswer.Failed.class);
    }

    @Test
    void anAliasIsFollowedAndIsGoodForAsLongAsTheWayToIt() {
        server.alias(HOST, 5, "other.test");
        server.host("other.test", 30, "10.0.0.1");
        assertThat(ask(host(AddressFamily.V4_PREFERRED))).isEqualTo(found(5, endpoint("10.0.0.1:9001", 1, 0)));
        server.alias("other.test", 5, HOST);
        assertThat(ask(host(AddressFamily.V4_ONLY))).as("a circle ends").isInstanceOf(DnsAnswer.None.class);
    }

    @Test
    void aServerThatRefusesKnowsNothing() {
        server.fail(HOST, 5);
        assertThat(ask(host(AddressFamily.V4_ONLY))).isEqualTo(new DnsAnswer.Failed("name server says Refused(5)"));
    }

    @Test
    void theNextNameServerIsAskedWhereOneIsSilent() {
        server.silent(true);
        try (NameServer other = new NameServer(); DnsClient both = new DnsClient(
            List.of(new Address("127.0.0.1", server.port()), new Address("127.0.0.1", other.port())), Duration.ofMillis(200))) {
            other.host(HOST, 30, "10.0.0.1");
            assertThat(both.ask(host(AddressFamily.V4_PREFERRED)).join()).isEqualTo(found(30, endpoint("10.0.0.1:9001", 1, 0)));
        }
    }

    @Test
    void whatIsTooLongForAPacketComesByTcpAndIsBounded() {
        server.host(HOST, 30, IntStream.range(0, 1200).mapToObj(i -> "10.0." + i / 250 + "." + i % 250).toArray(String[]::new));
        DnsAnswer.Found found = (DnsAnswer.Found) ask(host(AddressFamily.V4_PREFERRED));
        assertThat(found.endpoints()).hasSize(DnsEndpoints.MOST);
        assertThat(found.omitted()).isEqualTo(200);
    }

    private DnsAnswer ask(Dns what) {
        return client.ask(what).join();
    }

    private static Dns host(AddressFamily family) {
        return new Dns(HOST, 9001, family, Optional.empty());
    }

    private static Dns service() {
        return new Dns(SERVICE, 0, AddressFamily.V4_PREFERRED, Optional.empty());
    }

    private static DnsAnswer found(int ttl, Endpoint... endpoints) {
        return new DnsAnswer.Found(List.of(endpoints), 0, Duration.ofSeconds(ttl));
    }

    private static Endpoint endpoint(String address, int weight, int priority) {
        return new Endpoint(Address.parse(address), weight, Optional.empty()).at(Optional.empty(), priority);
    }

    private static Endpoint of(SpiffeId id, String address, int weight, int priority) {
        return new Endpoint(Address.parse(address), weight, Optional.of(id)).at(Optional.empty(), priority);
    }
}
