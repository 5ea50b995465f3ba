package mesh.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.HealthCheckPolicy;
import mesh.model.HealthCheckPolicy.Grpc;
import mesh.model.HealthCheckPolicy.Header;
import mesh.model.HealthCheckPolicy.Http;
import mesh.model.HealthCheckPolicy.Statuses;
import mesh.model.HealthCheckPolicy.Tcp;

/** How a cluster's endpoints are asked whether they are well: {@code healthCheck} of a cluster. */
final class HealthCheckForm {

    private static final List<String> KINDS = List.of("http", "tcp", "grpc");

    private HealthCheckForm() {}

    /** Null after a finding. */
    static HealthCheckPolicy read(Section s) {
        HealthCheckPolicy normal = HealthCheckPolicy.of(Tcp.CONNECT);
        Optional<HealthCheckPolicy.Check> http = s.section("http").map(HealthCheckForm::http);
        Optional<HealthCheckPolicy.Check> tcp = s.section("tcp").map(HealthCheckForm::tcp);
        Optional<HealthCheckPolicy.Check> grpc = s.section("grpc").map(HealthCheckForm::grpc);
        Duration interval = s.duration("interval", normal.interval(), false);
        int jitter = s.integer("intervalJitterPercent", normal.intervalJitterPercent(), 0, 100);
        Duration initial = s.duration("initialJitter", normal.initialJitter(), true);
        Duration timeout = s.duration("timeout", normal.timeout(), false);
        int unhealthy = s.integer("unhealthyThreshold", normal.unhealthyThreshold(), 1, HealthCheckPolicy.MOST);
        int healthy = s.integer("healthyThreshold", normal.healthyThreshold(), 1, HealthCheckPolicy.MOST);
        Duration quiet = s.duration("noTrafficInterval", normal.noTrafficInterval(), false);
        boolean reuse = !Boolean.FALSE.equals(s.flag("reuseConnection", normal.reuseConnection()));
        List<String> given = KINDS.stream().filter(s::has).toList();
        if (given.isEmpty()) s.wrong("http", "missing (expected: http, tcp or grpc)");
        given.stream().skip(1).forEach(key -> s.refuse(key, "beside " + given.get(0), "one of them"));
        s.end();
        return s.make(() -> new HealthCheckPolicy(
            http.or(() -> tcp).or(() -> grpc).orElse(null), interval, jitter, initial, timeout, unhealthy, healthy, quiet, reuse));
    }

    private static Http http(Section s) {
        Optional<String> host = s.optional("host", Values::name);
        String path = s.required("path", "a path such as /healthz", text -> text);
        String method = s.read("method", "GET", text -> text);
        List<Statuses> expected = s.texts("expectedStatuses", Statuses::parse);
        List<Statuses> retriable = s.texts("retriableStatuses", Statuses::parse);
        List<Header> headers = s.items("headers", "name", HealthCheckForm::header);
        s.end();
        return s.make(() -> new Http(host, path, method, expected.isEmpty() ? Http.OK : expected, retriable, headers));
    }

    private static Header header(Section s) {
        String name = s.required("name", "a field name such as x-probe", text -> text);
        String value = s.read("value", "", text -> text);
        return s.make(() -> new Header(name, value));
    }

    private static Tcp tcp(Section s) {
        String send = s.read("send", "", text -> text);
        List<String> receive = s.texts("receive", text -> text);
        s.end();
        return s.make(() -> new Tcp(send, receive));
    }

    private static Grpc grpc(Section s) {
        String service = s.read("service", "", text -> text);
        Optional<String> authority = s.optional("authority", Values::name);
        s.end();
        return s.make(() -> new Grpc(service, authority));
    }
}
