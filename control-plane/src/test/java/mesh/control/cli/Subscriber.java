package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.xds.ResourceType;

/** A client that has the state of the world told. */
final class Subscriber implements StreamObserver<DiscoveryResponse> {

    private final BlockingQueue<DiscoveryResponse> responses = new LinkedBlockingQueue<>();
    private final StreamObserver<DiscoveryRequest> requests;
    private final Node node;

    /** What it says to everything that comes; null as long as it is asked step by step. */
    private volatile String verdict;
    private volatile boolean told;

    Subscriber(Channel channel, String name, String agent) {
        node = Node.newBuilder().setId(name).setCluster("web").setUserAgentName(agent).setUserAgentVersion("1.2.3").build();
        requests = AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(this);
    }

    /** Subscribes to a type and acknowledges what comes. */
    void ask(ResourceType type, String... names) throws InterruptedException {
        requests.onNext(answer(begin(type, names), "", names));
    }

    /** Subscribes to a type and refuses what comes. */
    void refuse(ResourceType type, String why) throws InterruptedException {
        requests.onNext(answer(begin(type), why));
    }

    /** From now on it answers everything so: "" to take it, else why not. */
    void answersAll(String why) {
        verdict = why;
    }

    /** Whether anything has come that it answered so. */
    boolean wasTold() {
        return told;
    }

    private DiscoveryResponse begin(ResourceType type, String... names) throws InterruptedException {
        requests.onNext(DiscoveryRequest.newBuilder().setNode(node).setTypeUrl(type.typeUrl()).addAllResourceNames(List.of(names)).build());
        DiscoveryResponse response = responses.poll(20, TimeUnit.SECONDS);
        assertThat(response).as("a response of %s", type).isNotNull();
        return response;
    }

    private static DiscoveryRequest answer(DiscoveryResponse response, String why, String... names) {
        DiscoveryRequest.Builder answer = DiscoveryRequest.newBuilder().setTypeUrl(response.getTypeUrl()).setVersionInfo(response.getVersionInfo())
            .setResponseNonce(response.getNonce()).addAllResourceNames(List.of(names));
        return (why.isEmpty() ? answer : answer.setErrorDetail(com.google.rpc.Status.newBuilder().setMessage(why))).build();
    }

    @Override
    public void onNext(DiscoveryResponse response) {
        if (verdict == null) {
            responses.add(response);
        } else {
            told = true;
            requests.onNext(answer(response, verdict));
        }
    }

    @Override
    public void onError(Throwable cause) {
        // The test has ended.
    }

    @Override
    public void onCompleted() {
        // The server has ended.
    }
}
