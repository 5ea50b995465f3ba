package mesh.proxy.explain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import mesh.model.Durations;
import mesh.model.FaultPolicy;
import mesh.model.HeaderChanges;
import mesh.model.Listener;
import mesh.model.RateLimit;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;
import mesh.proxy.explain.Explanation.Setting;
import mesh.proxy.http.RequestHead;
import mesh.proxy.runtime.CompiledRoute;

/** What holds for a request of a route. What a route can do has a line here, and only where it does it. */
final class RouteSettings {

    private final List<Setting> settings = new ArrayList<>();

    private RouteSettings() {}

    static List<Setting> of(Route route, VirtualHost host, Listener listener, CompiledRoute compiled, RequestHead head) {
        RouteSettings told = new RouteSettings();
        told.limits(route, listener);
        if (!(route.action() instanceof Route.DirectReply) && !(route.action() instanceof Route.Redirect)) {
            told.times(route.timeouts(), head);
            told.tries(route, head);
            told.upstream(route, host, compiled, head);
        }
        told.headers("response headers", route.filters().responseHeaders(), host.responseHeaders());
        route.filters().cors().ifPresent(cors -> told.add("cors", "origins "
            + cors.allowOrigins().stream().map(origin -> origin.text()).collect(Collectors.joining(", "))));
        route.filters().fault().ifPresent(told::faults);
        return List.copyOf(told.settings);
    }

    private void add(String name, String value) {
        settings.add(new Setting(name, value));
    }

    private void limits(Route route, Listener listener) {
        listener.limits().rate().ifPresent(rate -> add("rate limit of the listener", text(rate)));
        route.limits().rate().ifPresent(rate -> add("rate limit", text(rate)));
        long body = route.limits().maxBodyBytes() > 0 ? route.limits().maxBodyBytes() : listener.limits().maxBodyBytes();
        if (body > 0) add("body", "at most " + body + " bytes");
    }

    private static String text(RateLimit rate) {
        return rate.requests() + " in " + Durations.format(rate.per()) + ", " + rate.burst() + " at once, by " + rate.key().text()
            + (rate.shadow() ? ", only counted" : "");
    }

    /** A gRPC call has its own deadline, and is silent for as long as it likes. */
    private void times(Timeouts timeouts, RequestHead head) {
        if (head.isGrpc()) {
            add("timeout", "the call's grpc-timeout" + (timeouts.grpcMax().isZero() ? "" : ", at most " + Durations.format(timeouts.grpcMax())));
        } else {
            add("timeout", text(timeouts.request()) + (timeouts.request().isZero() ? "" : " for all tries"));
            add("idle timeout", text(timeouts.idle()));
        }
        if (!timeouts.stream().isZero()) add("stream duration", Durations.format(timeouts.stream()));
    }

    private static String text(Duration limit) {
        return limit.isZero() ? "none" : Durations.format(limit);
    }

    private void tries(Route route, RequestHead head) {
        RetryPolicy retry = route.retry();
        add("tries", retry.attempts() == 1 ? "1" : "at most " + retry.attempts()
            + (retry.perTryTimeout().isZero() ? "" : " of " + Durations.format(retry.perTryTimeout()))
            + (retry.perTryIdleTimeout().isZero() ? "" : ", none silent for " + Durations.format(retry.perTryIdleTimeout()))
            + ", on " + retry.retryOn().stream().sorted().map(RetryOn::text).collect(Collectors.joining(", "))
            + (retry.retriableStatusCodes().isEmpty() ? "" : " " + retry.retriableStatusCodes().stream().sorted().toList())
            + ", after up to " + Durations.format(retry.backoffBase()) + ", doubled to " + Durations.format(retry.backoffMax())
            + (head.method().idempotent() || head.isGrpc() ? "" : "; " + head.method().name() + " only where it was not processed"));
        route.hedge().ifPresent(hedge -> add("hedge", head.method().idempotent()
            ? "a second try after " + hedge.after().text() + ", for at most " + RouteText.percent(hedge.maxExtra() * 100) + " of the requests"
            : "none, " + head.method().name() + " is not idempotent"));
    }

    private void upstream(Route route, VirtualHost host, CompiledRoute compiled, RequestHead head) {
        headers("request headers", route.filters().requestHeaders(), host.requestHeaders());
        route.hostRewrite().ifPresent(name -> add("host", "goes upstream as " + name));
        if (compiled.filters() != null && compiled.filters().rewrite() != null) {
            RequestHead sent = head.copy();
            add("path", compiled.filters().rewrite().apply(sent) ? "goes upstream as " + sent.target() : "cannot be rewritten: 400");
        }
        route.filters().mirrors().forEach(mirror ->
            add("mirror", RouteText.percent(mirror.percent().percent()) + " of the requests also to cluster " + mirror.cluster()));
    }

    private void headers(String name, HeaderChanges ofRoute, HeaderChanges ofHost) {
        for (HeaderChanges changes : List.of(ofRoute, ofHost)) {
            if (!changes.remove().isEmpty()) add(name, "without " + String.join(", ", changes.remove()));
            changes.add().forEach(each -> add(name, each.action().text() + " " + each.name() + ": " + each.value()));
        }
    }

    private void faults(FaultPolicy fault) {
        fault.delay().ifPresent(delay -> add("fault", RouteText.percent(delay.percent().percent()) + " wait "
            + delay.fixed().map(Durations::format).orElse("as long as they ask")));
        fault.abort().ifPresent(abort -> add("fault", RouteText.percent(abort.percent().percent()) + " get "
            + abort.with().map(RouteText::status).orElse("the status that they ask for")));
    }
}
