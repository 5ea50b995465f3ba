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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.model.Address;
import org.jboss.logging.Logger;

/**
 * The sidecar's three own servers: pages for operators, metrics, and health. On Vert.x's threads. Paths are compared whole; what changes
 * something is POST, and a GET on it is a 405.
 */
public final class AdminServer implements AutoCloseable {

    /** What a POST may ask for. Any thread. */
    public interface Control {

        /** @param graceful whether to accept for a while more, so that clients find out that it goes */
        void drain(boolean graceful);

        void quit();

        /** The files of access logs have been moved away: writes to new ones. */
        void reopenLogs();

        /**
         * Asks for a certificate of a new key, whatever is left of the one there is.
         *
         * @throws IllegalArgumentException when there is nobody to ask
         */
        void renewCertificate();

        /**
         * @param level as the command line knows it
         * @throws IllegalArgumentException naming the value and what was expected
         */
        void logLevel(String level);
    }

    /** What a page says. */
    record Content(String type, String text) {

        static Content text(String text) {
            return new Content(TEXT_TYPE, text);
        }

        static Content json(JsonObject json) {
            return new Content("application/json", json.encodePrettily() + "\n");
        }
    }

    /**
     * A page that only reads.
     *
     * @param parameters it knows
     */
    private record Page(List<String> parameters, Function<Query, Content> content) {}

    /** A page that changes something. */
    private record Action(List<String> parameters, Consumer<Query> run) {}

    static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final Logger LOG = Logger.getLogger(AdminServer.class);
    private static final String TEXT_TYPE = "text/plain; charset=utf-8";
    private static final List<String> NONE = List.of();

    private final Vertx vertx;
    private final SidecarView sidecar;
    private final Supplier<String> metrics;
    private final BooleanSupplier ready;
    private final InstantSource clock;
    private final AppProbes probes;
    private final Map<String, Page> pages = new LinkedHashMap<>();
    private final Map<String, Action> actions = new LinkedHashMap<>();
    private final List<HttpServer> servers = new ArrayList<>();

    /**
     * @param node    this sidecar's name; "" for none
     * @param metrics in Prometheus's text format
     * @param ready   whether traffic may come, draining aside
     * @param probes  of the application, which the health listener answers in its place
     */
    public AdminServer(Vertx vertx, SidecarView sidecar, String node, InstantSource clock, Supplier<String> metrics, BooleanSupplier ready,
        List<AppProbe> probes, Control control) {
        this.vertx = vertx;
        this.probes = new AppProbes(vertx, probes);
        this.sidecar = sidecar;
        this.clock = clock;
        this.metrics = metrics;
        this.ready = ready;
        Pages own = new Pages(sidecar, node, clock, ready);
        List<String> links = new ArrayList<>();
        page("/", NONE, query -> new Content("text/html; charset=utf-8", OverviewPage.of(own, links)));
        page("/listeners", EnvoyPages.PARAMETERS, query -> EnvoyPages.listeners(sidecar, query));
        page("/clusters", EnvoyPages.PARAMETERS, query -> EnvoyPages.clusters(sidecar, query));
        page("/breakers", NONE, query -> Content.json(BreakersPage.of(sidecar)));
        page("/certs", NONE, query -> Content.json(own.certs()));
        page("/plaintext", NONE, query -> Content.json(own.plaintext()));
        page("/config_dump", ConfigDump.PARAMETERS, query -> Content.json(ConfigDump.of(sidecar.tables().snapshot(), query)));
        page("/snapshot", NONE, query -> Content.json(own.snapshot()));
        page("/server_info", NONE, query -> Content.json(own.serverInfo()));
        page("/metrics", NONE, query -> new Content(METRICS_TYPE, metrics.get()));
        page("/stats", StatsPage.PARAMETERS, query -> StatsPage.of(metrics.get(), query));
        page("/stats/prometheus", List.of("filter"), query -> StatsPage.prometheus(metrics.get(), query.expression("filter")));
        links.addAll(pages.keySet());
        links.remove("/");
        links.addAll(List.of("/ready", "/live"));
        actions.put("/drain", new Action(List.of("graceful"), query -> control.drain(query.flag("graceful"))));
        actions.put("/quitquitquit", new Action(NONE, query -> control.quit()));
        actions.put("/reopen_logs", new Action(NONE, query -> control.reopenLogs()));
        actions.put("/renew", new Action(NONE, query -> control.renewCertificate()));
        actions.put("/logging", new Action(List.of("level"), query -> control.logLevel(query.text("level")
            .orElseThrow(() -> new IllegalArgumentException("level: missing (expected: /logging?level=debug, for one)")))));
    }

    private void page(String path, List<String> parameters, Function<Query, Content> content) {
        pages.put(path, new Page(parameters, content));
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
        Action action = actions.get(request.path());
        if (action != null) run(request, action);
        else if (request.path().equals("/explain")) explain(request);
        else if (request.path().equals("/ready") || request.path().equals("/live")) health(request);
        else if (pages.containsKey(request.path())) show(request, pages.get(request.path()));
        else answer(request, 404, "no such page: \"" + request.path() + "\" (expected: one of " + pages.keySet() + ", [/explain, /ready, /live], POST "
            + actions.keySet() + ")\n");
    }

    /** A question that is none is a 400 that says why. */
    private void explain(HttpServerRequest request) {
        if (!isRead(request)) return;
        vertx.executeBlocking(() -> ExplainPage.of(sidecar, request.params()), false).onComplete(
            page -> request.response().putHeader("content-type", page.type()).putHeader("cache-control", "no-store")
                .putHeader(ExplainPage.SERVED, String.valueOf(page.served())).end(page.content()),
            failure -> fail(request, failure));
    }

    private void metrics(HttpServerRequest request) {
        if (request.path().equals("/metrics")) show(request, new Page(NONE, query -> new Content(METRICS_TYPE, metrics.get())));
        else answer(request, 404, "no such page: \"" + request.path() + "\" (expected: /metrics)\n");
    }

    private void health(HttpServerRequest request) {
        if (!isRead(request)) return;
        if (request.path().startsWith(AppProbes.PREFIX)) {
            probe(request);
            return;
        }
        switch (request.path()) {
            case "/live", "/healthz/live" -> answer(request, 200, "LIVE\n");
            case "/ready", "/healthz/ready" -> {
                if (sidecar.draining()) answer(request, 503, "DRAINING\n");
                else if (!ready.getAsBoolean()) answer(request, 503, "NO CONFIGURATION YET\n");
                else if (isExpired()) answer(request, 503, "CERTIFICATE EXPIRED\n");
                else answer(request, 200, "READY\n");
            }
            default -> answer(request, 404, "no such page: \"" + request.path() + "\" (expected: /ready or /live)\n");
        }
    }

    private void probe(HttpServerRequest request) {
        AppProbe probe = probes.of(request.path());
        if (probe != null) probes.ask(probe, request);
        else answer(request, 404, "no such probe: \"" + request.path() + "\" (expected: " + AppProbes.PREFIX + "NAME with a name of --app-probe, "
            + new TreeSet<>(probes.names()) + ")\n");
    }

    /** While it is not, renewals may fail as often as they like; from then on no peer believes this sidecar, and it is better left out. */
    private boolean isExpired() {
        return sidecar.identity().filter(svid -> !clock.instant().isBefore(svid.leaf().getNotAfter().toInstant())).isPresent();
    }

    /** Made off the event loop: a scrape adds up every series. */
    private void show(HttpServerRequest request, Page page) {
        if (!isRead(request)) return;
        vertx.executeBlocking(() -> page.content().apply(new Query(request.params(), page.parameters())), false).onComplete(
            made -> request.response().putHeader("content-type", made.type()).putHeader("cache-control", "no-store").end(made.text()),
            failure -> fail(request, failure));
    }

    /** If not, the client has been told. */
    private static boolean isRead(HttpServerRequest request) {
        if (request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD) return true;
        request.response().putHeader("allow", "GET, HEAD");
        answer(request, 405, "method: \"" + request.method() + "\" (expected: GET)\n");
        return false;
    }

    private static void run(HttpServerRequest request, Action action) {
        if (request.method() != HttpMethod.POST) {
            request.response().putHeader("allow", "POST");
            answer(request, 405, "method: \"" + request.method() + "\" (expected: POST, for this changes something)\n");
            return;
        }
        try {
            action.run().accept(new Query(request.params(), action.parameters()));
            answer(request, 200, "OK\n");
        } catch (IllegalArgumentException e) {
            fail(request, e);
        }
    }

    private static void fail(HttpServerRequest request, Throwable failure) {
        if (failure instanceof IllegalArgumentException) {
            answer(request, 400, failure.getMessage() + "\n");
        } else {
            LOG.errorf(failure, "admin page %s", request.path());
            answer(request, 500, "internal error\n");
        }
    }

    private static void answer(HttpServerRequest request, int status, String text) {
        request.response().setStatusCode(status).putHeader("content-type", TEXT_TYPE).end(text);
    }

    @Override
    public void close() {
        servers.forEach(HttpServer::close);
        servers.clear();
        probes.close();
    }
}
