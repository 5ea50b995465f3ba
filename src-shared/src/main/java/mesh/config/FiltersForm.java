package mesh.config;

import java.util.List;
import java.util.Optional;
import mesh.model.CorsPolicy;
import mesh.model.FaultPolicy;
import mesh.model.HeaderChange;
import mesh.model.HeaderChanges;
import mesh.model.Mirror;
import mesh.model.PathRewrite;
import mesh.model.Percent;
import mesh.model.Route;
import mesh.model.RouteFilters;

/** What a route does to requests and answers on their way: keys of the route itself. */
final class FiltersForm {

    private static final List<String> PATHS = List.of("path", "prefix", "regex");

    private FiltersForm() {}

    /** Null after a finding. */
    static RouteFilters read(Section s, References clusters) {
        Optional<PathRewrite> rewrite = s.section("rewrite").map(each -> {
            PathRewrite path = rewrite(each);
            if (PATHS.stream().noneMatch(each::has)) each.wrong("path", "missing (expected: path, prefix or regex)");
            each.end();
            return path;
        });
        HeaderChanges requestHeaders = headers(s, "requestHeaders");
        HeaderChanges responseHeaders = headers(s, "responseHeaders");
        List<Mirror> mirrors = s.items("mirrors", "cluster", each -> mirror(each, clusters));
        for (String action : List.of("reply", "redirect")) {
            if (!s.has(action)) continue;
            for (String key : List.of("rewrite", "requestHeaders", "mirrors")) s.refuse(key, "beside " + action, "none, nothing is sent upstream");
        }
        Optional<CorsPolicy> cors = s.section("cors").map(CorsForm::read);
        Optional<FaultPolicy> fault = s.section("fault").map(FaultForm::read);
        return s.make(() -> new RouteFilters(rewrite, requestHeaders, responseHeaders, cors, fault, mirrors));
    }

    private static Mirror mirror(Section s, References clusters) {
        String cluster = s.required("cluster", "the name of a cluster", Values::name);
        Percent percent = s.read("percent", Percent.ALL, Percent::parse);
        clusters.use(cluster, s, "cluster");
        return s.make(() -> new Mirror(cluster, percent));
    }

    static Route.Action redirect(Section s) {
        Optional<String> scheme = s.optional("scheme", text -> text);
        Optional<String> host = s.optional("host", Values::name);
        int port = s.integer("port", 0, 1, 65_535);
        Optional<PathRewrite> path = Optional.ofNullable(rewrite(s));
        int status = s.integer("status", 301, 301, 308);
        boolean query = !Boolean.TRUE.equals(s.flag("stripQuery", false));
        s.end();
        return s.make(() -> new Route.Redirect(scheme, host, port, path, status, query));
    }

    /** At most one of three; null for none and after a finding. */
    private static PathRewrite rewrite(Section s) {
        PathRewrite full = s.read("path", null, PathRewrite.Full::new);
        PathRewrite prefix = s.read("prefix", null, PathRewrite.Prefix::new);
        String regex = s.read("regex", null, text -> text);
        String substitution = s.read("substitution", null, text -> text);
        List<String> given = PATHS.stream().filter(s::has).toList();
        given.stream().skip(1).forEach(key -> s.refuse(key, "beside " + given.get(0), "one of them"));
        if (s.has("regex") && !s.has("substitution")) s.wrong("substitution", "missing (expected: what takes the place of what regex matches)");
        if (!s.has("regex")) s.refuse("substitution", "without regex", "both or none");
        if (full != null) return full;
        if (prefix != null) return prefix;
        return regex == null || substitution == null ? null : s.make(() -> new PathRewrite.Regex(regex, substitution));
    }

    static HeaderChanges headers(Section parent, String key) {
        return parent.section(key).map(s -> {
            List<String> remove = s.texts("remove", HeaderChanges::checkedName);
            List<HeaderChange> add = s.items("add", FiltersForm::header);
            s.end();
            return s.make(() -> new HeaderChanges(remove, add));
        }).orElse(HeaderChanges.NONE);
    }

    private static HeaderChange header(Section s) {
        String name = s.required("name", "a field name", HeaderChanges::checkedName);
        String value = s.required("value", "a value", text -> text);
        HeaderChange.Action action = s.read("action", HeaderChange.Action.APPEND, HeaderChange.Action::parse);
        return s.make(() -> new HeaderChange(name, value, action));
    }
}
