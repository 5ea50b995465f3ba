package mesh.control.messages;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import mesh.model.GrpcCall;
import mesh.model.HeaderMatch;
import mesh.model.QueryMatch;
import mesh.model.RequestMatch;
import mesh.model.Route;
import mesh.model.Route.PathMatch;
import mesh.model.TextMatch;

/** What a {@code mesh.v1.Route} matches, to the model and back. What is said of gRPC comes back as the path that it stands for. */
final class MatchMessages {

    private MatchMessages() {}

    /** Both null when there were problems. */
    record Matched(PathMatch path, RequestMatch conditions) {}

    static Matched decode(mesh.v1.Route m, String path, Problems problems) {
        int before = problems.count();
        PathMatch match = path(m, path, problems);
        RequestMatch conditions = conditions(m.getMatch(), path + ".match", problems);
        if (!m.getMatch().hasGrpc()) return problems.count() > before ? new Matched(null, null) : new Matched(match, conditions);
        mesh.v1.GrpcMatch grpc = m.getMatch().getGrpc();
        String at = path + ".match.grpc";
        GrpcCall call = problems.read(at, () -> new GrpcCall(some(grpc.getService()), some(grpc.getMethod())));
        if (call != null && call.path().isPresent() && !given(m).isEmpty()) {
            problems.add(at, "names a service or a method beside " + given(m).get(0) + " (expected: one of them)");
        }
        if (m.getMatch().getMethodsCount() > 0) problems.add(at, "beside methods (expected: none, a gRPC call is a POST)");
        return problems.count() > before ? new Matched(null, null) : new Matched(call.path().orElse(match), GrpcCall.only(conditions));
    }

    /** A key for the path, and what it says. */
    private record Given(String key, String text) {

        @Override
        public String toString() {
            return key + " \"" + text + "\"";
        }
    }

    private static List<Given> given(mesh.v1.Route m) {
        return List.of(new Given("path", m.getPath()), new Given("prefix", m.getPrefix()), new Given("path_prefix", m.getPathPrefix()),
            new Given("path_regex", m.getPathRegex())).stream().filter(each -> !each.text().isEmpty()).toList();
    }

    private static PathMatch path(mesh.v1.Route m, String path, Problems problems) {
        List<Given> given = given(m);
        if (given.size() > 1) {
            problems.add(path, given.stream().map(Given::toString).collect(Collectors.joining(" and ")) + " (expected: one of them)");
            return null;
        }
        Given one = given.isEmpty() ? new Given("prefix", "/") : given.get(0);
        return problems.read(path + "." + one.key(), () -> switch (one.key()) {
            case "path" -> new Route.Exact(one.text());
            case "path_prefix" -> PathMatch.segments(one.text());
            case "path_regex" -> new Route.Regex(one.text());
            default -> new Route.Prefix(one.text());
        });
    }

    /** Null when there were problems. */
    private static RequestMatch conditions(mesh.v1.RequestMatch m, String path, Problems problems) {
        int before = problems.count();
        List<HeaderMatch> headers = new ArrayList<>();
        for (int i = 0; i < m.getHeadersCount(); i++) headers.add(header(m.getHeaders(i), path + ".headers[" + i + "]", problems));
        List<QueryMatch> queryParams = new ArrayList<>();
        for (int i = 0; i < m.getQueryParamsCount(); i++) queryParams.add(queryParam(m.getQueryParams(i), path + ".query_params[" + i + "]", problems));
        return problems.count() > before ? null
            : problems.read(path, () -> new RequestMatch(m.getMethodsList(), false, headers, queryParams));
    }

    static HeaderMatch header(mesh.v1.HeaderMatch m, String path, Problems problems) {
        List<TextMatch> values = new ArrayList<>();
        int before = problems.count();
        problems.read(path, () -> values(values, m.getExact(), m.getPrefix(), m.getSuffix(), m.getContains(), m.getRegex()));
        if (problems.count() > before) return null;
        if (values.size() + (m.getPresent() ? 1 : 0) + (m.getAbsent() ? 1 : 0) != 1) {
            problems.add(path, "expects " + (values.isEmpty() && !m.getPresent() && !m.getAbsent() ? "nothing" : "several things")
                + " (expected: one of exact, prefix, suffix, contains, regex, present, absent)");
            return null;
        }
        if (m.getInvert() && values.isEmpty()) {
            problems.add(path + ".invert", "beside present or absent (expected: none, they are opposites)");
            return null;
        }
        return problems.read(path + ".name", () -> new HeaderMatch(m.getName(), values.stream().findFirst(), m.getInvert() || m.getAbsent()));
    }

    private static QueryMatch queryParam(mesh.v1.QueryMatch m, String path, Problems problems) {
        List<TextMatch> values = new ArrayList<>();
        int before = problems.count();
        problems.read(path, () -> values(values, m.getExact(), m.getPrefix(), m.getSuffix(), m.getContains(), m.getRegex()));
        if (problems.count() > before) return null;
        if (values.size() + (m.getPresent() ? 1 : 0) != 1) {
            problems.add(path, "expects " + (values.isEmpty() && !m.getPresent() ? "nothing" : "several things")
                + " (expected: one of exact, prefix, suffix, contains, regex, present)");
            return null;
        }
        return problems.read(path + ".name", () -> new QueryMatch(m.getName(), values.stream().findFirst()));
    }

    private static List<TextMatch> values(List<TextMatch> to, String exact, String prefix, String suffix, String contains, String regex) {
        if (!exact.isEmpty()) to.add(new TextMatch.Exact(exact));
        if (!prefix.isEmpty()) to.add(new TextMatch.Prefix(prefix));
        if (!suffix.isEmpty()) to.add(new TextMatch.Suffix(suffix));
        if (!contains.isEmpty()) to.add(new TextMatch.Contains(contains));
        if (!regex.isEmpty()) to.add(new TextMatch.Regex(regex));
        return to;
    }

    static void encode(Route route, mesh.v1.Route.Builder m) {
        if (route.match() instanceof Route.Exact exact) m.setPath(exact.path());
        else if (route.match() instanceof Route.Prefix prefix) m.setPrefix(prefix.prefix());
        else if (route.match() instanceof Route.SegmentPrefix segments) m.setPathPrefix(segments.prefix());
        else if (route.match() instanceof Route.Regex regex) m.setPathRegex(regex.regex());
        RequestMatch conditions = route.conditions();
        if (conditions.isAny()) return;
        mesh.v1.RequestMatch.Builder match = m.getMatchBuilder();
        if (conditions.grpc()) match.setGrpc(mesh.v1.GrpcMatch.getDefaultInstance());
        else match.addAllMethods(conditions.methods());
        conditions.headers().forEach(each -> match.addHeaders(encode(each)));
        conditions.queryParams().forEach(each -> match.addQueryParams(encode(each)));
    }

    static mesh.v1.HeaderMatch encode(HeaderMatch header) {
        mesh.v1.HeaderMatch.Builder m = mesh.v1.HeaderMatch.newBuilder().setName(header.name());
        TextMatch value = header.value().orElse(null);
        if (value == null) return header.invert() ? m.setAbsent(true).build() : m.setPresent(true).build();
        if (value instanceof TextMatch.Exact exact) m.setExact(exact.text());
        else if (value instanceof TextMatch.Prefix prefix) m.setPrefix(prefix.text());
        else if (value instanceof TextMatch.Suffix suffix) m.setSuffix(suffix.text());
        else if (value instanceof TextMatch.Contains contains) m.setContains(contains.text());
        else if (value instanceof TextMatch.Regex regex) m.setRegex(regex.regex());
        return m.setInvert(header.invert()).build();
    }

    private static mesh.v1.QueryMatch encode(QueryMatch query) {
        mesh.v1.QueryMatch.Builder m = mesh.v1.QueryMatch.newBuilder().setName(query.name());
        TextMatch value = query.value().orElse(null);
        if (value == null) m.setPresent(true);
        else if (value instanceof TextMatch.Exact exact) m.setExact(exact.text());
        else if (value instanceof TextMatch.Prefix prefix) m.setPrefix(prefix.text());
        else if (value instanceof TextMatch.Suffix suffix) m.setSuffix(suffix.text());
        else if (value instanceof TextMatch.Contains contains) m.setContains(contains.text());
        else if (value instanceof TextMatch.Regex regex) m.setRegex(regex.regex());
        return m.build();
    }

    private static Optional<String> some(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
