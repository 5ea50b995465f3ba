package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.AccessLogPolicy;
import mesh.model.ApplyResult;
import mesh.model.ConnectionPolicy;
import mesh.model.CorsPolicy;
import mesh.model.HeaderChange;
import mesh.model.HeaderChange.Action;
import mesh.model.HeaderChanges;
import mesh.model.PathRewrite;
import mesh.model.Percent;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.UpstreamProtocol;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What routes do to requests and answers, in a sidecar between two others: they speak to it, and it to them, in either HTTP. */
class FiltersSidecarTest {

    @TempDir
    private Path directory;
    private final Sidecar front = new Sidecar(Env.system(), 1);
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final Sidecar back = new Sidecar(Env.system(), 1);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    /** Tells what it was asked. */
    private final TestUpstream application = new TestUpstream(exchange -> {
        exchange.getResponseHeaders().set("x-app", "1");
        StringBuilder said = new StringBuilder(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        for (String name : List.of("host", "x-team", "x-debug", "x-envoy-original-path")) {
            List<String> values = exchange.getRequestHeaders().get(name);
            if (values != null && !name.equals("host")) said.append(' ').append(name).append('=').append(String.join("+", values));
        }
        TestUpstream.text(exchange, 200, said.toString());
    });

    @AfterEach
    void close() {
        front.close();
        sidecar.close();
        back.close();
        application.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void changesWhatGoesUpAndWhatComesDown(UpstreamProtocol protocol) throws Exception {
        apply(protocol, Snapshots.http()
            .filters(new RouteFilters(Optional.of(new PathRewrite.Prefix("/v2")), changes("x-team", "a"), changes("x-app", "2")))
            .headers(changes("x-team", "b"), new HeaderChanges(List.of("x-app"), List.of())));

        HttpResponse<String> answer = get("/pay?c=d");
        assertThat(answer.body()).isEqualTo("GET /v2/pay?c=d x-team=a+b x-envoy-original-path=/pay?c=d");
        assertThat(answer.headers().firstValue("x-app")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void aConfigurationChangesThemForTheNextRequest(UpstreamProtocol protocol) throws Exception {
        apply(protocol, rewriting(new PathRewrite.Full("/one")));
        assertThat(get("/a").body()).startsWith("GET /one ");
        assertThat(sidecar.apply(toBack(protocol, rewriting(new PathRewrite.Regex("a", "b")).version(2)).build())).isInstanceOf(ApplyResult.Applied.class);
        assertThat(get("/a").body()).startsWith("GET /b ");
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void sendsClientsElsewhere(UpstreamProtocol protocol) throws Exception {
        Route.Redirect redirect =
            new Route.Redirect(Optional.of("https"), Optional.of("shop.example"), 8443, Optional.of(new PathRewrite.Prefix("/new")), 308, true);
        apply(protocol, Snapshots.http().match(new Route.Prefix("/old")).action(redirect)
            .filters(new RouteFilters(Optional.empty(), HeaderChanges.NONE, changes("x-why", "moved"))));

        HttpResponse<String> answer = get("/old/a?b=c");
        assertThat(answer.statusCode()).isEqualTo(308);
        assertThat(answer.headers().firstValue("location")).contains("https://shop.example:8443/new/a?b=c");
        assertThat(answer.headers().firstValue("x-why")).contains("moved");
        assertThat(answer.body()).isEmpty();
        assertThat(application.requests()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void itsOwnAnswersAreChangedToo(UpstreamProtocol protocol) throws Exception {
        RouteFilters filters = new RouteFilters(Optional.empty(), HeaderChanges.NONE, changes("x-why", "me"));
        apply(protocol, Snapshots.http().action(new Route.DirectReply(418, "a teapot")).filters(filters));
        HttpResponse<String> reply = get("/");
        assertThat(reply.statusCode()).isEqualTo(418);
        assertThat(reply.headers().firstValue("x-why")).contains("me");

        assertThat(sidecar.apply(Snapshots.http().version(2).filters(filters).build())).isInstanceOf(ApplyResult.Applied.class);
        HttpResponse<String> failure = get("/");
        assertThat(failure.statusCode()).isEqualTo(503);
        assertThat(failure.headers().firstValue("x-why")).contains("me");
    }

    /** A browser asks first, and then does what it may. */
    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void answersBrowsersAndTellsThemWhatTheyMayRead(UpstreamProtocol protocol) throws Exception {
        apply(protocol, Snapshots.http().filters(RouteFilters.NONE.with(new CorsPolicy(List.of(new CorsPolicy.Exact("https://shop.example")),
            List.of("PUT"), List.of("x-team"), List.of("x-app"), Optional.of(Duration.ofMinutes(10)), true))));

        HttpResponse<String> preflight = send("OPTIONS", "origin", "https://shop.example", "access-control-request-method", "PUT");
        assertThat(preflight.statusCode()).isEqualTo(200);
        assertThat(preflight.headers().firstValue("access-control-allow-origin")).contains("https://shop.example");
        assertThat(preflight.headers().firstValue("access-control-allow-methods")).contains("PUT");
        assertThat(preflight.headers().firstValue("access-control-allow-headers")).contains("x-team");
        assertThat(preflight.headers().firstValue("access-control-allow-credentials")).contains("true");
        assertThat(preflight.headers().firstValue("access-control-max-age")).contains("600");
        assertThat(application.requests()).isZero();

        HttpResponse<String> actual = send("PUT", "origin", "https://shop.example");
        assertThat(actual.body()).startsWith("PUT /");
        assertThat(actual.headers().firstValue("access-control-allow-origin")).contains("https://shop.example");
        assertThat(actual.headers().firstValue("access-control-expose-headers")).contains("x-app");
        assertThat(actual.headers().firstValue("vary")).contains("Origin");

        HttpResponse<String> stranger = send("OPTIONS", "origin", "https://evil.example", "access-control-request-method", "PUT");
        assertThat(stranger.body()).as("is for the application to answer").startsWith("OPTIONS /");
        assertThat(stranger.headers().firstValue("access-control-allow-origin")).isEmpty();
    }

    /** Routed by what it was, it would be something else where it arrives. */
    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void aPathThatIsRewrittenToNoneGoesNowhere(UpstreamProtocol protocol) throws Exception {
        apply(protocol, rewriting(new PathRewrite.Regex("^/api", "/v1/")));
        assertThat(get("/api/a").body()).startsWith("GET /v1//a ");
        int before = application.requests();
        assertThat(get("/api../secret").statusCode()).isEqualTo(400);
        assertThat(application.requests()).isEqualTo(before);
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void theAccessLogSaysWhatWasAskedFor(UpstreamProtocol protocol) throws Exception {
        Path log = directory.resolve("access.log");
        apply(protocol, rewriting(new PathRewrite.Full("/b")).log(new AccessLogPolicy(AccessLogPolicy.Format.TEXT, log.toString(), Percent.ALL, true)));
        get("/a?c");
        sidecar.accessLogs().close();
        assertThat(log).content().contains("\"GET /a?c HTTP/").contains("\" 200 -");
    }

    private static Snapshots rewriting(PathRewrite rewrite) {
        return Snapshots.http().filters(new RouteFilters(Optional.of(rewrite), HeaderChanges.NONE, HeaderChanges.NONE));
    }

    private static HeaderChanges changes(String name, String value) {
        return new HeaderChanges(List.of("x-debug"), List.of(new HeaderChange(name, value, Action.APPEND)));
    }

    private void apply(UpstreamProtocol protocol, Snapshots tested) {
        assertThat(back.apply(Snapshots.http().to(application.address(), 1).connections(speaking(UpstreamProtocol.HTTP1)).build()))
            .isInstanceOf(ApplyResult.Applied.class);
        assertThat(sidecar.apply(toBack(protocol, tested).build())).isInstanceOf(ApplyResult.Applied.class);
        assertThat(front.apply(Snapshots.http().to(sidecar.bound().get("web"), 1).connections(speaking(protocol)).build()))
            .isInstanceOf(ApplyResult.Applied.class);
    }

    private Snapshots toBack(UpstreamProtocol protocol, Snapshots tested) {
        return tested.to(back.bound().get("web"), 1).connections(speaking(protocol));
    }

    private static ConnectionPolicy speaking(UpstreamProtocol protocol) {
        return new ConnectionPolicy(Duration.ofSeconds(10), Optional.empty(), protocol, 1024, 1024, 1024);
    }

    private HttpResponse<String> send(String method, String... headers) throws Exception {
        URI uri = URI.create("http://" + front.bound().get("web") + "/");
        return http.send(HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody()).headers(headers)
            .timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String target) throws Exception {
        URI uri = URI.create("http://" + front.bound().get("web") + target);
        return http.send(HttpRequest.newBuilder(uri).header("x-debug", "1").timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString());
    }
}
