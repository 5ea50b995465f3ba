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
import mesh.model.VirtualHost;
import mesh.proxy.exchange.PeerWishes;
import mesh.proxy.exchange.RequestLimits;
import mesh.proxy.explain.Explanation.Setting;
import mesh.proxy.http.RequestHead;
import mesh.proxy.runtime.CompiledRoute;

/** What holds for a request of a route. What a route can do has a line here, and only where it does it. */
final class RouteSettings {

    private static final String NONE = "none";

    private final List<Setting> settings = new ArrayList<>();
    private final Route route;
    private final VirtualHost host;
    private final Listener listener;
    private final CompiledRoute compiled;
    /** Of which what is taken off on the way is taken off. */
    private final RequestHead head;
    /** Null for none. */
    private final PeerWishes wishes;

    private RouteSettings(Route route, VirtualHost host, Listener listener, CompiledRoute compiled, RequestHead asked) {
        this.route = route;
        this.host = host;
        this.listener = listener;
        this.compiled = compiled;
        this.head = asked.copy();
        // Who comes in by mTLS is a peer.
        this.wishes = PeerWishes.take(head, listener.tls().isPresent());
    }

    static List<Setting> of(Route route, VirtualHost host, Listener listener, CompiledRoute compiled, RequestHead asked) {
        RouteSettings told = new RouteSettings(route, host, listener, compiled, asked);
        told.limits();
        if (compiled.reply() == null && compiled.location() == null) {
            told.times();
            told.tries();
            told.hedge();
            told.upstream();
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

    private void limits() {
        listener.limits().rate().ifPresent(rate -> add("rate limit of the listener", text(rate)));
        route.limits().rate().ifPresent(rate -> add("rate limit", text(rate)));
        long body = route.limits().maxBodyBytes() > 0 ? route.limits().maxBodyBytes() : listener.limits().maxBodyBytes();
        if (body > 0) add("body", "at most " + body + " bytes");
    }

    private static String text(RateLimit rate) {
        return rate.requests() + " in " + Durations.format(rate.per()) + ", " + rate.burst() + " at once, by " + rate.key().text()
            + (rate.shadow() ? ", only counted" : "");
    }

    private void times() {
        boolean grpc = head.isGrpc();
        String timeout = limit(RequestLimits.requestNanos(compiled, head, grpc, wishes));
        add("timeout", timeout + (timeout.equals(NONE) ? "" : " for all tries") + (grpc ? ", by the call's grpc-timeout" : ""));
        add("idle timeout", limit(RequestLimits.idleNanos(compiled, grpc)));
        if (compiled.streamNanos() < CompiledRoute.NO_LIMIT) add("stream duration", limit(compiled.streamNanos()));
    }

    private static String limit(long nanos) {
        return nanos >= CompiledRoute.NO_LIMIT ? NONE : Durations.format(Duration.ofNanos(nanos));
    }

    private void tries() {
        RetryPolicy retry = RequestLimits.retry(compiled, wishes);
        String each = limit(RequestLimits.perTryNanos(compiled, wishes));
        String asked = wishes == null ? "" : ", with what the client asks for";
        if (retry.attempts() == 1) {
            add("tries", "1" + (each.equals(NONE) ? "" : " of " + each) + asked);
            return;
        }
        add("tries", "at most " + retry.attempts() + (each.equals(NONE) ? "" : " of " + each)
            + (retry.perTryIdleTimeout().isZero() ? "" : ", none silent for " + Durations.format(retry.perTryIdleTimeout()))
            + ", on " + retry.retryOn().stream().sorted().map(RetryOn::text).collect(Collectors.joining(", "))
            + (retry.retriableStatusCodes().isEmpty() ? "" : " " + retry.retriableStatusCodes().stream().sorted().toList())
            + ", after up to " + Durations.format(retry.backoffBase()) + ", doubled to " + Durations.format(retry.backoffMax())
            + (head.method().idempotent() || head.isGrpc() ? "" : "; " + head.method().name() + " only where it was not processed") + asked);
    }

    private void hedge() {
        route.hedge().ifPresent(hedge -> add("hedge", head.method().idempotent()
            ? "a second try after " + hedge.after().text() + ", for at most " + RouteText.percent(hedge.maxExtra() * 100) + " of the requests"
            : "none, " + head.method().name() + " is not idempotent"));
    }

    private void upstream() {
        if (!route.hash().isEmpty()) {
            add("key", route.hash().stream().map(policy -> policy.by().text() + (policy.terminal() ? " alone" : "")).collect(Collectors.joining(", "))
                + ", as far as they are there; for balancers that go by keys");
        }
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
