package mesh.proxy.admin;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import mesh.model.Address;

/**
 * The sidecar's three own servers: pages for operators, metrics, and health. On Vert.x's threads. Paths are compared whole; what changes
 * something is POST, and a GET on it is a 405.
 */
public final class AdminServer implements AutoCloseable {

    /** What a POST may ask for. Any thread. */
    public interface Control {

        void drain();

        void quit();

        /** The files of access logs have been moved away: writes to new ones. */
        void reopenLogs();

        /**
         * @param level as the command line knows it
         * @throws IllegalArgumentException naming the value and what was expected
         */
        void logLevel(String level);
    }

    private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final List<String> LINKS =
        List.of("/listeners", "/clusters", "/breakers", "/certs", "/config_dump", "/server_info", "/explain", "/metrics", "/ready", "/live");

    private final Vertx vertx;
    private final SidecarView sidecar;
    private final Pages pages;
    private final Supplier<String> metrics;
    private final BooleanSupplier ready;
    private final InstantSource clock;
    private final Control control;
    private final Map<String, Supplier<JsonObject>> json;
    private final List<HttpServer> servers = new ArrayList<>();

    /**
     * @param metrics in Prometheus's text format
     * @param ready   whether traffic may come, draining aside
     */
    public AdminServer(Vertx vertx, SidecarView sidecar, InstantSource clock, Supplier<String> metrics, BooleanSupplier ready, Control control) {
        this.vertx = vertx;
        this.sidecar = sidecar;
        this.pages = new Pages(sidecar, clock);
        this.clock = clock;
        this.metrics = metrics;
        this.ready = ready;
        this.control = control;
        this.json = Map.of("/config_dump", pages::configDump, "/clusters", pages::clusters, "/breakers", () -> BreakersPage.of(sidecar), "/listeners", pages::listeners,
            "/certs", pages::certs, "/server_info", pages::serverInfo);
    }

    /**
     * Binds all three.
     *
     * @return where they are: {@code admin}, {@code health}, {@code metrics}; tells the ports that were chosen for port 0
     * @throws IllegalStateException naming the address that cannot be bound
     */
    public Map<String, Address> start(Address adminAddress, Address metricsAddress, Address healthAddress) {
        Map<String, Address> bound = new TreeMap<>();
        bound.put("admin", bind("admin", adminAddress, request -> admin(request, adminAddress)));
        bound.put("metrics", bind("metrics", metricsAddress, this::metrics));
        bound.put("health", bind("health", healthAddress, this::health));
        return bound;
    }

    private Address bind(String what, Address address, Handler<HttpServerRequest> handler) {
        HttpServer server = vertx.createHttpServer(new HttpServerOptions()
                .setHost(address.host().isEmpty() ? "0.0.0.0" : address.host()).setPort(address.port()).setIdleTimeout(60))
            .requestHandler(handler);
        try {
            server.listen().toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException | CompletionException e) {
            close();
            throw new IllegalStateException(what + " listener: \"" + address + "\" cannot be bound: " + e.getCause().getMessage()
                + " (expected: a free local address)");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while binding the " + what + " listener");
        }
        servers.add(server);
        return new Address(address.host(), server.actualPort());
    }

    private void admin(HttpServerRequest request, Address listening) {
        if (!SameOrigin.allows(request, listening)) {
            answer(request, 403, "Host or Origin is not this sidecar's (expected: localhost or an address)\n");
            return;
        }
        switch (request.path()) {
            case "/drain" -> post(request, control::drain);
            case "/quitquitquit" -> post(request, control::quit);
            case "/reopen_logs" -> post(request, control::reopenLogs);
            case "/logging" -> post(request, () -> control.logLevel(String.valueOf(request.getParam("level"))));
            case "/" -> get(request, "text/html; charset=utf-8", () -> OverviewPage.of(pages, LINKS));
            case "/explain" -> explain(request);
            case "/metrics", "/stats" -> get(request, METRICS_TYPE, metrics);
            case "/ready", "/live" -> health(request);
            default -> page(request);
        }
    }

    private void page(HttpServerRequest request) {
        Supplier<JsonObject> page = json.get(request.path());
        if (page == null) answer(request, 404, "no such page (expected: one of " + LINKS + ")\n");
        else get(request, "application/json", () -> page.get().encodePrettily() + "\n");
    }

    /** A question that is none is a 400 that says why. */
    private void explain(HttpServerRequest request) {
        if (!isRead(request)) return;
        vertx.executeBlocking(() -> ExplainPage.of(sidecar, request.params()), false).onComplete(
            page -> request.response().putHeader("content-type", page.type()).putHeader("cache-control", "no-store")
                .putHeader(ExplainPage.SERVED, String.valueOf(page.served())).end(page.content()),
            failure -> answer(request, failure instanceof IllegalArgumentException ? 400 : 500,
                failure instanceof IllegalArgumentException ? failure.getMessage() + "\n" : "internal error\n"));
    }

    private void metrics(HttpServerRequest request) {
        if (request.path().equals("/metrics")) get(request, METRICS_TYPE, metrics);
        else answer(request, 404, "no such page (expected: /metrics)\n");
    }

    private void health(HttpServerRequest request) {
        switch (request.path()) {
            case "/live", "/healthz/live" -> answer(request, 200, "LIVE\n");
            case "/ready", "/healthz/ready" -> {
                if (sidecar.draining()) answer(request, 503, "DRAINING\n");
                else if (!ready.getAsBoolean()) answer(request, 503, "NO CONFIGURATION YET\n");
                else if (isExpired()) answer(request, 503, "CERTIFICATE EXPIRED\n");
                else answer(request, 200, "READY\n");
            }
            default -> answer(request, 404, "no such page (expected: /ready or /live)\n");
        }
    }

    /** While it is not, renewals may fail as often as they like; from then on no peer believes this sidecar, and it is better left out. */
    private boolean isExpired() {
        return sidecar.identity().filter(svid -> !clock.instant().isBefore(svid.leaf().getNotAfter().toInstant())).isPresent();
    }

    /** Made off the event loop: a scrape adds up every series. */
    private void get(HttpServerRequest request, String type, Supplier<String> text) {
        if (!isRead(request)) return;
        vertx.executeBlocking(text::get, false).onComplete(
            made -> request.response().putHeader("content-type", type).putHeader("cache-control", "no-store").end(made),
            failure -> answer(request, 500, "internal error\n"));
    }

    /** If not, the client has been told. */
    private static boolean isRead(HttpServerRequest request) {
        if (request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD) return true;
        request.response().putHeader("allow", "GET, HEAD");
        answer(request, 405, "GET it\n");
        return false;
    }

    private void post(HttpServerRequest request, Runnable action) {
        if (request.method() != HttpMethod.POST) {
            request.response().putHeader("allow", "POST");
            answer(request, 405, "POST it: this changes something\n");
            return;
        }
        try {
            action.run();
            answer(request, 200, "OK\n");
        } catch (IllegalArgumentException e) {
            answer(request, 400, e.getMessage() + "\n");
        }
    }

    private static void answer(HttpServerRequest request, int status, String text) {
        request.response().setStatusCode(status).putHeader("content-type", "text/plain; charset=utf-8").end(text);
    }

    @Override
    public void close() {
        servers.forEach(HttpServer::close);
        servers.clear();
    }
}
