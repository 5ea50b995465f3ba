package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.control.replica.LocalBoards;
import mesh.control.stream.DrainingEndpoints.Sidecar;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class DrainingEndpointsTest {

    private static final SpiffeId PAY = SpiffeId.parse("spiffe://mesh.local/pay");
    private static final SpiffeId CART = SpiffeId.parse("spiffe://mesh.local/cart");
    private static final Sidecar PAY_1 = new Sidecar(PAY, "pay-1");
    private static final Set<Address> AT_1 = Set.of(Address.parse("10.0.0.1:15006"), Address.parse("127.0.0.1:15006"));

    private final FakeClock clock = new FakeClock();
    private final ChangingConfig store = new ChangingConfig(shop(3, "10.0.0.1:15006", "10.0.0.2:15006"));
    private final DrainingEndpoints draining = new DrainingEndpoints(store, clock);
    private final List<MeshSnapshot> told = new ArrayList<>();

    DrainingEndpointsTest() {
        draining.onChange(told::add);
    }

    @Test
    void withoutAnyoneWhoLeavesTheConfigurationIsTheStores() {
        assertThat(draining.current()).isSameAs(store.current());
        store.set(shop(4, "10.0.0.1:15006"));
        assertThat(told).singleElement().isSameAs(store.current());
    }

    @Test
    void endpointsOfItsIdentityAndAddressDrainInTheVersionThatThereIs() {
        assertThat(draining.drain(PAY_1, "first", AT_1)).isOne();
        assertThat(told).singleElement().satisfies(shown -> {
            assertThat(shown.version()).isEqualTo(3);
            assertThat(health(shown)).containsExactly(EndpointHealth.DRAINING, EndpointHealth.HEALTHY);
        });
        store.set(shop(4, "10.0.0.2:15006", "10.0.0.1:15006"));
        assertThat(health(draining.current())).containsExactly(EndpointHealth.HEALTHY, EndpointHealth.DRAINING);
    }

    @Test
    void oneThatLeavesByWordOfAnotherReplicaLeavesHereTooAndStaysAwayWhenThatReplicaDies() {
        LocalBoards boards = new LocalBoards();
        DrainingEndpoints here = new DrainingEndpoints(store, clock, boards.join("a"));
        DrainingEndpoints there = new DrainingEndpoints(store, clock, boards.join("b"));
        there.drain(PAY_1, "first", AT_1);
        assertThat(health(here.current())).containsExactly(EndpointHealth.DRAINING, EndpointHealth.HEALTHY);
        assertThat(health(new DrainingEndpoints(store, clock, boards.join("late")).current())).contains(EndpointHealth.DRAINING);
        boards.leave("b");
        assertThat(health(here.current())).contains(EndpointHealth.DRAINING);
        clock.advance(DrainingEndpoints.LONGEST);
        here.expire();
        assertThat(here.current()).isSameAs(store.current());
    }

    @Test
    void oneThatComesBackToAnotherReplicaIsBackEverywhereAndMayLeaveAgain() {
        LocalBoards boards = new LocalBoards();
        DrainingEndpoints here = new DrainingEndpoints(store, clock, boards.join("a"));
        DrainingEndpoints there = new DrainingEndpoints(store, clock, boards.join("b"));
        here.drain(PAY_1, "first", AT_1);
        there.servedHere(PAY_1, "second");
        assertThat(here.current()).isSameAs(store.current());
        assertThat(there.current()).isSameAs(store.current());
        here.drain(PAY_1, "second", AT_1);
        DrainingEndpoints late = new DrainingEndpoints(store, clock, boards.join("late"));
        for (DrainingEndpoints each : List.of(here, there, late)) {
            assertThat(health(each.current())).contains(EndpointHealth.DRAINING);
        }
    }

    @Test
    void nobodySpeaksForAnotherIdentity() {
        assertThat(draining.drain(new Sidecar(CART, "pay-1"), "first", AT_1)).isZero();
        assertThat(draining.current()).isSameAs(store.current());
    }

    @Test
    void theNextInstanceOfItsNodeEndsIt() {
        draining.drain(PAY_1, "first", AT_1);
        draining.served(PAY_1, "first");
        draining.served(new Sidecar(PAY, "pay-2"), "second");
        assertThat(health(draining.current())).contains(EndpointHealth.DRAINING);
        draining.served(PAY_1, "second");
        assertThat(draining.current()).isSameAs(store.current());
        assertThat(told.get(told.size() - 1)).isSameAs(store.current());
    }

    @Test
    void whatIsNoLongerConfiguredIsForgotten() {
        draining.drain(PAY_1, "first", AT_1);
        store.set(shop(4, "10.0.0.2:15006"));
        store.set(shop(5, "10.0.0.1:15006"));
        assertThat(draining.current()).isSameAs(store.current());
    }

    @Test
    void oneThatNeverComesBackIsForgottenAfterTenMinutes() {
        draining.drain(PAY_1, "first", AT_1);
        clock.advance(DrainingEndpoints.LONGEST.minusSeconds(1));
        draining.expire();
        assertThat(health(draining.current())).contains(EndpointHealth.DRAINING);
        clock.advance(Duration.ofSeconds(1));
        draining.expire();
        assertThat(draining.current()).isSameAs(store.current());
    }

    @Test
    void aClientThatWasShownItOtherwiseStillCallsIt() {
        MeshSnapshot before = draining.current();
        assertThat(draining.isCalled(PAY_1, before)).as("not leaving").isFalse();
        draining.drain(PAY_1, "first", AT_1);
        assertThat(draining.isCalled(PAY_1, before)).isTrue();
        assertThat(draining.isCalled(PAY_1, draining.current())).isFalse();
        assertThat(draining.isCalled(PAY_1, MeshSnapshot.EMPTY)).isFalse();
    }

    private static List<EndpointHealth> health(MeshSnapshot shown) {
        return shown.endpointsOf("pay").stream().map(Endpoint::health).toList();
    }

    /** One cluster, whose endpoints have the identity of pay. */
    static MeshSnapshot shop(long version, String... addresses) {
        MeshSnapshot base = Meshes.of(version, "pay");
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>();
        endpoints.put("pay", new EndpointSet("pay", List.of(addresses).stream().map(each -> new Endpoint(Address.parse(each), 1, Optional.of(PAY))).toList()));
        return new MeshSnapshot(version, base.listeners(), base.routeTables(), base.clusters(), endpoints, Optional.empty());
    }
}
