package mesh.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import mesh.model.GrpcCall;
import mesh.model.HeaderMatch;
import mesh.model.QueryMatch;
import mesh.model.RequestMatch;
import mesh.model.Route;
import mesh.model.Route.PathMatch;
import mesh.model.TextMatch;

/** What a route matches: at most one key for the path, and {@code match} for the rest of the request. */
final class MatchForm {

    private static final List<String> PATHS = List.of("path", "prefix", "pathPrefix", "pathRegex");
    private static final List<String> TEXTS = List.of("exact", "prefix", "suffix", "contains", "regex");

    private MatchForm() {}

    /** @param path null after a finding */
    record Matched(PathMatch path, RequestMatch conditions) {}

    static Matched read(Section s) {
        PathMatch path = path(s);
        Optional<Section> match = s.section("match");
        if (match.isEmpty()) return new Matched(path, RequestMatch.ANY);
        Section m = match.get();
        RequestMatch conditions = conditions(m);
        Optional<GrpcCall> call = m.section("grpc").map(MatchForm::grpc);
        call.flatMap(GrpcCall::path).ifPresent(named ->
            PATHS.forEach(key -> s.refuse(key, "beside match.grpc, which names a service or a method", "one of them")));
        if (m.has("grpc")) m.refuse("methods", "beside grpc", "none, a gRPC call is a POST");
        m.end();
        return new Matched(call.flatMap(GrpcCall::path).orElse(path), call.isPresent() && conditions != null ? GrpcCall.only(conditions) : conditions);
    }

    private static PathMatch path(Section s) {
        PathMatch exact = s.read("path", null, text -> new Route.Exact(checked(text)));
        PathMatch prefix = s.read("prefix", null, text -> new Route.Prefix(checked(text)));
        PathMatch segments = s.read("pathPrefix", null, text -> PathMatch.segments(checked(text)));
        PathMatch regex = s.read("pathRegex", null, Route.Regex::new);
        List<String> given = PATHS.stream().filter(s::has).toList();
        given.stream().skip(1).forEach(key -> s.refuse(key, "beside " + given.get(0), "one of them"));
        if (given.isEmpty()) return new Route.Prefix("/");
        return exact != null ? exact : prefix != null ? prefix : segments != null ? segments : regex;
    }

    private static String checked(String text) {
        if (!text.startsWith("/") || text.indexOf('?') >= 0 || text.indexOf('#') >= 0) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: begins with / and has no ? or #)");
        }
        return text;
    }

    /** Null after a finding. */
    private static RequestMatch conditions(Section s) {
        List<String> methods = s.texts("methods", text -> text);
        List<HeaderMatch> headers = s.items("headers", MatchForm::header);
        List<QueryMatch> queryParams = s.items("queryParams", MatchForm::queryParam);
        return s.make(() -> new RequestMatch(methods, false, headers, queryParams));
    }

    private static GrpcCall grpc(Section s) {
        Optional<String> service = s.optional("service", text -> text);
        Optional<String> method = s.optional("method", text -> text);
        s.end();
        return s.make(() -> new GrpcCall(service, method));
    }

    static HeaderMatch header(Section s) {
        String name = s.required("name", "a field name", text -> text);
        Optional<TextMatch> value = value(s, List.of("present", "absent"));
        boolean absent = s.has("absent");
        boolean invert = Boolean.TRUE.equals(s.flag("invert", false));
        if (absent || s.has("present")) s.refuse("invert", "beside " + (absent ? "absent" : "present"), "none, present and absent are opposites");
        return s.make(() -> new HeaderMatch(name, value, invert || absent));
    }

    private static QueryMatch queryParam(Section s) {
        String name = s.required("name", "a parameter's name", text -> text);
        Optional<TextMatch> value = value(s, List.of("present"));
        return s.make(() -> new QueryMatch(name, value));
    }

    /** Exactly one; empty for one of {@code flags}. */
    private static Optional<TextMatch> value(Section s, List<String> flags) {
        List<Optional<TextMatch>> read = List.of(text(s, "exact", TextMatch.Exact::new), text(s, "prefix", TextMatch.Prefix::new),
            text(s, "suffix", TextMatch.Suffix::new), text(s, "contains", TextMatch.Contains::new), text(s, "regex", TextMatch.Regex::new));
        for (String flag : flags) {
            if (Boolean.FALSE.equals(s.flag(flag, true))) s.wrong(flag, "\"false\" (expected: true, or another key)");
        }
        List<String> all = new ArrayList<>(TEXTS);
        all.addAll(flags);
        List<String> given = all.stream().filter(s::has).toList();
        if (given.isEmpty()) s.wrong("exact", "missing (expected: one of " + String.join(", ", all) + ")");
        given.stream().skip(1).forEach(key -> s.refuse(key, "beside " + given.get(0), "one of them"));
        return read.stream().flatMap(Optional::stream).findFirst();
    }

    private static Optional<TextMatch> text(Section s, String key, Function<String, TextMatch> make) {
        return s.optional(key, make);
    }
}
