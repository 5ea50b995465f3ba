package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.control.replica.Board;
import mesh.control.replica.LocalBoards;
import mesh.model.SpiffeId;
import mesh.time.FakeClock;
import mesh.v1.DrainRequest;
import mesh.v1.DrainResponse;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;

/** The call without a network: a client of the leaving sidecar that acknowledges when the test says, and time that the test moves. */
class LifecycleServiceTest {

    private static final DrainRequest REQUEST = DrainRequest.newBuilder().setNode("pay-1").setInstance("first").addAddresses("10.0.0.1:15006")
        .setWait(Durations.fromSeconds(5)).build();

    private final FakeClock clock = new FakeClock();
    private final DrainingEndpoints draining = new DrainingEndpoints(
        new ChangingConfig(DrainingEndpointsTest.shop(3, "10.0.0.1:15006", "10.0.0.2:15006")), clock);
    private final SidecarRegistry sidecars = new SidecarRegistry(clock);
    private final SidecarRegistry.Connection web = sidecars.connected("web-1", "spiffe://mesh.local/web", "web");
    private final DeltaStream stream = new DeltaStream(draining.current(), new ResourceCache(Dialect.PROXY), StreamLimits.DEFAULT);
    private Optional<SpiffeId> caller = Optional.of(SpiffeId.parse("spiffe://mesh.local/pay"));
    private final LifecycleService service = new LifecycleService(draining, sidecars, () -> caller, Board.ALONE, clock, clock.scheduler());
    private final Answer answer = new Answer();

    LifecycleServiceTest() {
        acknowledge(stream.onRequest(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.ENDPOINTS.typeUrl()).addResourceNamesSubscribe("pay").build()));
    }

    @Test
    void answersWhenWhoeverCallsItHasAcknowledged() {
        service.drain(REQUEST, answer);
        clock.advance(Duration.ofSeconds(1));
        List<DeltaDiscoveryResponse> pushed = stream.onView(draining.current());
        web.progress(stream);
        clock.advance(Duration.ofSeconds(1));
        assertThat(pushed).hasSize(1);
        assertThat(answer.response).as("sent, and not yet acknowledged").isNull();
        acknowledge(pushed);
        clock.advance(Duration.ofSeconds(1));
        assertThat(answer.response).isEqualTo(DrainResponse.newBuilder().setEndpoints(1).build());
    }

    @Test
    void afterTheTimeThatWasAskedForItSaysWhoHasNot() {
        service.drain(REQUEST, answer);
        clock.advance(Duration.ofSeconds(5));
        assertThat(answer.response).isEqualTo(DrainResponse.newBuilder().setEndpoints(1).addWaitingFor("web-1").build());
    }

    @Test
    void whoIsGoneIsNotWaitedFor() {
        web.closed();
        service.drain(REQUEST, answer);
        assertThat(answer.response.getWaitingForList()).isEmpty();
    }

    @Test
    void thoseOfOtherReplicasAreWaitedForToo() {
        LocalBoards boards = new LocalBoards();
        Board told = boards.join("a");
        Board other = boards.join("b");
        ChangingConfig store = new ChangingConfig(DrainingEndpointsTest.shop(3, "10.0.0.1:15006", "10.0.0.2:15006"));
        LifecycleService asked = new LifecycleService(new DrainingEndpoints(store, clock, told), new SidecarRegistry(clock, told), () -> caller, told,
            clock, clock.scheduler());
        DrainingEndpoints shownThere = new DrainingEndpoints(store, clock, other);
        asked.drain(REQUEST, answer);
        clock.advance(Duration.ofSeconds(1));
        assertThat(answer.response).as("the other replica has not said who is connected there").isNull();

        // With the sidecar of web, which has not acknowledged.
        LifecycleService there = new LifecycleService(shownThere, sidecars, () -> caller, other, clock, clock.scheduler());
        clock.advance(Duration.ofSeconds(1));
        assertThat(answer.response).isNull();
        acknowledge(stream.onView(shownThere.current()));
        clock.advance(Duration.ofSeconds(1));
        assertThat(answer.response).isEqualTo(DrainResponse.newBuilder().setEndpoints(1).build());
        there.close();
    }

    @Test
    void aReplicaThatSaysNothingIsNamedAfterTheTime() {
        LocalBoards boards = new LocalBoards();
        Board told = boards.join("a");
        boards.join("b");
        LifecycleService asked = new LifecycleService(new DrainingEndpoints(
            new ChangingConfig(DrainingEndpointsTest.shop(3, "10.0.0.1:15006", "10.0.0.2:15006")), clock, told), new SidecarRegistry(clock, told),
            () -> caller, told, clock, clock.scheduler());
        asked.drain(REQUEST, answer);
        clock.advance(Duration.ofSeconds(5));
        assertThat(answer.response.getWaitingForList()).containsExactly("replica b");
    }

    @Test
    void aCallerWithoutACertificateIsRefused() {
        caller = Optional.empty();
        service.drain(REQUEST, answer);
        assertThat(answer.failure).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(draining.current().endpointsOf("pay")).allMatch(each -> each.health() == mesh.model.EndpointHealth.HEALTHY);
    }

    @Test
    void whatCannotBeReadIsRefused() {
        service.drain(REQUEST.toBuilder().addAddresses("nowhere").build(), answer);
        assertThat(answer.failure).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    private void acknowledge(List<DeltaDiscoveryResponse> responses) {
        responses.forEach(each -> stream.onRequest(
            DeltaDiscoveryRequest.newBuilder().setTypeUrl(each.getTypeUrl()).setResponseNonce(each.getNonce()).build()));
        web.progress(stream);
    }

    private static final class Answer implements StreamObserver<DrainResponse> {

        private DrainResponse response;
        private Status.Code failure;

        @Override
        public void onNext(DrainResponse value) {
            response = value;
        }

        @Override
        public void onError(Throwable cause) {
            failure = Status.fromThrowable(cause).getCode();
        }

        @Override
        public void onCompleted() {}
    }
}
