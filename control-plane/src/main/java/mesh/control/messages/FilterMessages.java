package mesh.control.messages;

import java.util.ArrayList;
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

/** What a {@code mesh.v1.Route} does to requests and answers on their way, to the model and back. */
final class FilterMessages {

    private FilterMessages() {}

    static RouteFilters decode(mesh.v1.Route m, String path, Problems problems) {
        int before = problems.count();
        PathRewrite rewrite = m.hasRewrite() ? rewrite(m.getRewrite(), path + ".rewrite", problems) : null;
        HeaderChanges request = headers(m.getRequestHeaders(), path + ".request_headers", problems);
        HeaderChanges response = headers(m.getResponseHeaders(), path + ".response_headers", problems);
        CorsPolicy cors = m.hasCors() ? cors(m.getCors(), path + ".cors", problems) : null;
        FaultPolicy fault = m.hasFault() ? FaultMessages.decode(m.getFault(), path + ".fault", problems) : null;
        List<Mirror> mirrors = problems.readAll(path + ".mirrors", m.getMirrorsList(), "cluster", mesh.v1.Mirror::getCluster,
            (each, at) -> problems.read(at, () -> new Mirror(each.getCluster(), each.hasPercent() ? Percent.of(each.getPercent()) : Percent.ALL)));
        return problems.count() > before ? RouteFilters.NONE : problems.read(path, () ->
            new RouteFilters(Optional.ofNullable(rewrite), request, response, Optional.ofNullable(cors), Optional.ofNullable(fault), mirrors));
    }

    private static CorsPolicy cors(mesh.v1.Cors m, String path, Problems problems) {
        List<CorsPolicy.Origin> origins = new ArrayList<>();
        for (int i = 0; i < m.getAllowOriginsCount(); i++) {
            String text = m.getAllowOrigins(i);
            CorsPolicy.Origin origin = problems.read(path + ".allow_origins[" + i + "]", () -> CorsPolicy.Origin.parse(text));
            if (origin != null) origins.add(origin);
        }
        return origins.size() < m.getAllowOriginsCount() ? null : problems.read(path, () -> new CorsPolicy(origins, m.getAllowMethodsList(),
            m.getAllowHeadersList(), m.getExposeHeadersList(), m.hasMaxAge() ? Optional.of(Values.duration(m.getMaxAge())) : Optional.empty(),
            m.getAllowCredentials()));
    }

    /** Null when there were problems. */
    private static PathRewrite rewrite(mesh.v1.PathRewrite m, String path, Problems problems) {
        List<String> given = new ArrayList<>();
        if (!m.getPath().isEmpty()) given.add("path");
        if (!m.getPrefix().isEmpty()) given.add("prefix");
        if (!m.getRegex().isEmpty()) given.add("regex");
        if (given.size() != 1 || m.getRegex().isEmpty() && !m.getSubstitution().isEmpty()) {
            problems.add(path, (given.isEmpty() ? "missing" : String.join(" and ", given))
                + " (expected: one of path, prefix, regex; substitution only beside regex)");
            return null;
        }
        return problems.read(path, () -> switch (given.get(0)) {
            case "path" -> new PathRewrite.Full(m.getPath());
            case "prefix" -> new PathRewrite.Prefix(m.getPrefix());
            default -> new PathRewrite.Regex(m.getRegex(), m.getSubstitution());
        });
    }

    /** Null when there were problems. */
    static Route.Redirect redirect(mesh.v1.Redirect m, String path, Problems problems) {
        PathRewrite to = m.hasPath() ? rewrite(m.getPath(), path + ".path", problems) : null;
        if (m.hasPath() && to == null) return null;
        return problems.read(path, () -> new Route.Redirect(some(m.getScheme()), some(m.getHost()), m.getPort(), Optional.ofNullable(to),
            m.getStatus() == 0 ? 301 : m.getStatus(), !m.getStripQuery()));
    }

    static HeaderChanges headers(mesh.v1.HeaderChanges m, String path, Problems problems) {
        List<HeaderChange> add = new ArrayList<>();
        for (int i = 0; i < m.getAddCount(); i++) {
            mesh.v1.HeaderChange each = m.getAdd(i);
            HeaderChange change = problems.read(path + ".add[" + i + "]", () -> new HeaderChange(each.getName(), each.getValue(),
                each.getAction().isEmpty() ? HeaderChange.Action.APPEND : HeaderChange.Action.parse(each.getAction())));
            if (change != null) add.add(change);
        }
        HeaderChanges all = problems.read(path + ".remove", () -> new HeaderChanges(m.getRemoveList(), add));
        return all == null ? HeaderChanges.NONE : all;
    }

    static void encode(RouteFilters filters, mesh.v1.Route.Builder m) {
        filters.rewrite().ifPresent(rewrite -> m.setRewrite(encode(rewrite)));
        if (!filters.requestHeaders().isEmpty()) m.setRequestHeaders(encode(filters.requestHeaders()));
        if (!filters.responseHeaders().isEmpty()) m.setResponseHeaders(encode(filters.responseHeaders()));
        filters.cors().ifPresent(cors -> m.setCors(encode(cors)));
        filters.fault().ifPresent(fault -> m.setFault(FaultMessages.encode(fault)));
        filters.mirrors().forEach(mirror -> m.addMirrorsBuilder().setCluster(mirror.cluster()).setPercent(mirror.percent().percent()));
    }

    private static mesh.v1.Cors encode(CorsPolicy policy) {
        mesh.v1.Cors.Builder m = mesh.v1.Cors.newBuilder()
            .addAllAllowMethods(policy.allowMethods()).addAllAllowHeaders(policy.allowHeaders()).addAllExposeHeaders(policy.exposeHeaders())
            .setAllowCredentials(policy.allowCredentials());
        policy.allowOrigins().forEach(origin -> m.addAllowOrigins(origin.text()));
        policy.maxAge().ifPresent(age -> m.setMaxAge(Values.message(age)));
        return m.build();
    }

    private static mesh.v1.PathRewrite encode(PathRewrite rewrite) {
        mesh.v1.PathRewrite.Builder m = mesh.v1.PathRewrite.newBuilder();
        if (rewrite instanceof PathRewrite.Full full) m.setPath(full.path());
        else if (rewrite instanceof PathRewrite.Prefix prefix) m.setPrefix(prefix.with());
        else if (rewrite instanceof PathRewrite.Regex regex) m.setRegex(regex.regex()).setSubstitution(regex.substitution());
        return m.build();
    }

    static mesh.v1.Redirect encode(Route.Redirect redirect) {
        mesh.v1.Redirect.Builder m = mesh.v1.Redirect.newBuilder()
            .setPort(redirect.port()).setStatus(redirect.status()).setStripQuery(!redirect.query());
        redirect.scheme().ifPresent(m::setScheme);
        redirect.host().ifPresent(m::setHost);
        redirect.path().ifPresent(path -> m.setPath(encode(path)));
        return m.build();
    }

    static mesh.v1.HeaderChanges encode(HeaderChanges changes) {
        mesh.v1.HeaderChanges.Builder m = mesh.v1.HeaderChanges.newBuilder().addAllRemove(changes.remove());
        changes.add().forEach(each -> m.addAddBuilder().setName(each.name()).setValue(each.value()).setAction(each.action().text()));
        return m.build();
    }

    private static Optional<String> some(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
