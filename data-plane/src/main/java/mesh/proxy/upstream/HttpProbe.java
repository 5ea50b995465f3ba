package mesh.proxy.upstream;

import io.netty.buffer.ByteBuf;
import java.util.List;
import mesh.model.Address;
import mesh.model.HealthCheckPolicy.Http;
import mesh.model.HealthCheckPolicy.Statuses;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.loop.ProxyLoop;

/** Asks by a request whose status is the answer. */
final class HttpProbe extends StreamProbe {

    static final String USER_AGENT = "mesh/health-check";

    private final Http check;
    private final String cluster;
    private final Address address;
    private int status;

    HttpProbe(Connector connector, ProxyLoop loop, Address address, ConnectSettings settings, boolean http2, boolean reuse, Http check, String cluster) {
        super(connector, loop, address, settings, http2, reuse);
        this.check = check;
        this.cluster = cluster;
        this.address = address;
    }

    @Override
    RequestHead question() {
        status = 0;
        RequestHead head = head(check.method(), check.path(), check.host().orElse(cluster), address);
        head.set(USER_AGENT_FIELD, USER_AGENT);
        // Without a body, and where one is usual that has to be said (RFC 9110 section 8.6).
        if (List.of("POST", "PUT", "PATCH").contains(check.method())) head.add("content-length", "0");
        check.headers().forEach(each -> head.add(each.name(), each.value()));
        return head;
    }

    @Override
    ByteBuf body() {
        return null;
    }

    @Override
    void onHead(ResponseHead head) {
        status = head.status();
    }

    @Override
    void onBody(ByteBuf part) {
        // Only the status is asked for.
    }

    @Override
    void judge(Fields trailers, Outcome outcome) {
        String why = "status " + status + " to " + check.method() + " " + check.path();
        if (contains(check.expected())) outcome.onAnswer(Answer.SUCCESS, why);
        else outcome.onAnswer(contains(check.retriable()) ? Answer.NETWORK_FAILURE : Answer.FAILURE,
            why + " (expected: " + String.join(", ", check.expected().stream().map(Statuses::text).toList()) + ")");
    }

    private boolean contains(List<Statuses> ranges) {
        return ranges.stream().anyMatch(each -> each.contains(status));
    }
}
