package mesh.control.messages;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.model.HealthCheckPolicy;
import mesh.model.HealthCheckPolicy.Check;
import mesh.model.HealthCheckPolicy.Grpc;
import mesh.model.HealthCheckPolicy.Header;
import mesh.model.HealthCheckPolicy.Http;
import mesh.model.HealthCheckPolicy.Statuses;
import mesh.model.HealthCheckPolicy.Tcp;
import mesh.v1.CheckHeader;
import mesh.v1.GrpcCheck;
import mesh.v1.HealthCheck;
import mesh.v1.HttpCheck;
import mesh.v1.TcpCheck;

/** How endpoints are asked whether they are well, to the model and back. */
final class HealthCheckMessages {

    private HealthCheckMessages() {}

    /** Null after a problem. */
    static HealthCheckPolicy decode(HealthCheck m, String path, Problems problems) {
        HealthCheckPolicy normal = HealthCheckPolicy.of(Tcp.CONNECT);
        int before = problems.count();
        Check check = check(m, path, problems);
        Duration interval = positive(m.hasInterval(), path + ".interval", m.getInterval(), normal.interval(), problems);
        Duration initial = Values.notNegative(path + ".initial_jitter", m.hasInitialJitter(), m.getInitialJitter(), normal.initialJitter(), problems);
        Duration timeout = positive(m.hasTimeout(), path + ".timeout", m.getTimeout(), normal.timeout(), problems);
        Duration quiet = positive(m.hasNoTrafficInterval(), path + ".no_traffic_interval", m.getNoTrafficInterval(), normal.noTrafficInterval(), problems);
        return problems.count() > before ? null : problems.read(path, () -> new HealthCheckPolicy(check, interval,
            m.hasIntervalJitterPercent() ? m.getIntervalJitterPercent() : normal.intervalJitterPercent(), initial, timeout,
            m.getUnhealthyThreshold() == 0 ? normal.unhealthyThreshold() : m.getUnhealthyThreshold(),
            m.getHealthyThreshold() == 0 ? normal.healthyThreshold() : m.getHealthyThreshold(), quiet,
            m.hasReuseConnection() ? m.getReuseConnection() : normal.reuseConnection()));
    }

    private static Duration positive(boolean present, String path, com.google.protobuf.Duration message, Duration normal, Problems problems) {
        return present ? Values.positive(path, message, problems) : normal;
    }

    /** Null after a problem. */
    private static Check check(HealthCheck m, String path, Problems problems) {
        List<String> given = new ArrayList<>();
        if (m.hasHttp()) given.add("http");
        if (m.hasTcp()) given.add("tcp");
        if (m.hasGrpc()) given.add("grpc");
        if (given.size() != 1) {
            problems.add(path, (given.isEmpty() ? "asks nothing" : String.join(" and ", given)) + " (expected: one of http, tcp, grpc)");
            return null;
        }
        if (m.hasHttp()) return http(m.getHttp(), path + ".http", problems);
        return m.hasTcp()
            ? problems.read(path + ".tcp", () -> new Tcp(m.getTcp().getSend(), m.getTcp().getReceiveList()))
            : problems.read(path + ".grpc", () -> new Grpc(m.getGrpc().getService(), text(m.getGrpc().getAuthority())));
    }

    private static Http http(HttpCheck m, String path, Problems problems) {
        int before = problems.count();
        List<Statuses> expected = statuses(m.getExpectedStatusesList(), path + ".expected_statuses", problems);
        List<Statuses> retriable = statuses(m.getRetriableStatusesList(), path + ".retriable_statuses", problems);
        List<Header> headers = new ArrayList<>();
        for (int i = 0; i < m.getHeadersCount(); i++) {
            CheckHeader header = m.getHeaders(i);
            headers.add(problems.read(path + ".headers[" + i + "]", () -> new Header(header.getName(), header.getValue())));
        }
        return problems.count() > before ? null : problems.read(path, () -> new Http(text(m.getHost()), m.getPath(),
            m.getMethod().isEmpty() ? "GET" : m.getMethod(), expected.isEmpty() ? Http.OK : expected, retriable, headers));
    }

    private static List<Statuses> statuses(List<String> texts, String path, Problems problems) {
        List<Statuses> statuses = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            statuses.add(problems.read(path + "[" + i + "]", () -> Statuses.parse(text)));
        }
        return statuses;
    }

    private static Optional<String> text(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    static HealthCheck encode(HealthCheckPolicy policy) {
        HealthCheck.Builder m = HealthCheck.newBuilder()
            .setInterval(Values.message(policy.interval()))
            .setIntervalJitterPercent(policy.intervalJitterPercent())
            .setInitialJitter(Values.message(policy.initialJitter()))
            .setTimeout(Values.message(policy.timeout()))
            .setUnhealthyThreshold(policy.unhealthyThreshold())
            .setHealthyThreshold(policy.healthyThreshold())
            .setNoTrafficInterval(Values.message(policy.noTrafficInterval()))
            .setReuseConnection(policy.reuseConnection());
        if (policy.check() instanceof Http http) m.setHttp(encode(http));
        else if (policy.check() instanceof Tcp tcp) m.setTcp(TcpCheck.newBuilder().setSend(tcp.send()).addAllReceive(tcp.receive()));
        else if (policy.check() instanceof Grpc grpc) m.setGrpc(GrpcCheck.newBuilder().setService(grpc.service()).setAuthority(grpc.authority().orElse("")));
        return m.build();
    }

    private static HttpCheck encode(Http http) {
        HttpCheck.Builder m = HttpCheck.newBuilder().setHost(http.host().orElse("")).setPath(http.path()).setMethod(http.method());
        http.expected().forEach(each -> m.addExpectedStatuses(each.text()));
        http.retriable().forEach(each -> m.addRetriableStatuses(each.text()));
        http.headers().forEach(each -> m.addHeaders(CheckHeader.newBuilder().setName(each.name()).setValue(each.value())));
        return m.build();
    }
}
