package mesh.config;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.AccessPolicy;
import mesh.model.DownstreamTls;
import mesh.model.HeaderMatch;
import mesh.model.PeerMatch;
import mesh.model.Route.PathMatch;
import mesh.model.SpiffeId;

/** Who may connect to a listener, and ask it what. */
final class AccessForm {

    private AccessForm() {}

    /** {@code tls} of a listener; empty also where it says {@code mode: disable}. */
    static Optional<DownstreamTls> tls(Section listener) {
        return listener.section("tls").flatMap(s -> {
            DownstreamTls.Mode mode = s.read("mode", DownstreamTls.Mode.STRICT, DownstreamTls.Mode::parse);
            boolean disabled = s.text("mode").filter(DownstreamTls.Mode.DISABLE::equals).isPresent();
            if (disabled) s.refuse("allow", "beside mode disable", "none, nobody proves who they are");
            Set<SpiffeId> allow = Policies.ids(s, "allow");
            s.end();
            return disabled ? Optional.empty() : Optional.ofNullable(s.make(() -> new DownstreamTls(mode, allow)));
        });
    }

    /** {@code authorization} of a listener. */
    static List<AccessPolicy> policies(Section listener, boolean tcp) {
        if (tcp) listener.refuse("authorization", "beside protocol tcp", "only with protocol http");
        return listener.items("authorization", "name", AccessForm::policy);
    }

    private static AccessPolicy policy(Section s) {
        String name = s.name("name");
        AccessPolicy.Action action = s.required("action", "allow or deny", AccessPolicy.Action::parse);
        boolean dryRun = Boolean.TRUE.equals(s.flag("dryRun", false));
        List<PeerMatch> from = s.texts("from", PeerMatch::parse);
        List<PathMatch> paths = s.texts("paths", AccessPolicy::path);
        List<String> methods = s.texts("methods", text -> text);
        List<HeaderMatch> headers = s.items("headers", MatchForm::header);
        return s.make(() -> new AccessPolicy(name, action, dryRun, from, paths, methods, headers));
    }
}
