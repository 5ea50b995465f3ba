package mesh.control.messages;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.AccessPolicy;
import mesh.model.DownstreamTls;
import mesh.model.HeaderMatch;
import mesh.model.PeerMatch;
import mesh.model.Route.PathMatch;
import mesh.model.SpiffeId;

/** Who may connect to a listener and ask it what, to the model and back. */
final class AccessMessages {

    private AccessMessages() {}

    /** Empty also after problems. */
    static Optional<DownstreamTls> tls(mesh.v1.Listener m, String path, Problems problems) {
        if (!m.hasTls()) return Optional.empty();
        Set<SpiffeId> allow = Values.ids(path + ".tls.allow", m.getTls().getAllowList(), problems);
        String said = m.getTls().getMode();
        DownstreamTls.Mode mode = said.isEmpty() ? DownstreamTls.Mode.STRICT
            : problems.read(path + ".tls.mode", () -> DownstreamTls.Mode.parse(said));
        if (said.equals(DownstreamTls.Mode.DISABLE) && !m.getTls().getAllowList().isEmpty()) {
            problems.add(path + ".tls.allow", "beside mode disable (expected: none, nobody proves who they are)");
        }
        return mode == null ? Optional.empty() : Optional.of(new DownstreamTls(mode, allow));
    }

    static mesh.v1.DownstreamTls encode(DownstreamTls tls) {
        return mesh.v1.DownstreamTls.newBuilder().setMode(tls.mode().text()).addAllAllow(Values.texts(tls.allow())).build();
    }

    /** Null when there were problems. */
    static AccessPolicy decode(mesh.v1.AccessPolicy m, String path, Problems problems) {
        int before = problems.count();
        problems.name(path + ".name", m.getName());
        AccessPolicy.Action action = problems.read(path + ".action", () -> AccessPolicy.Action.parse(m.getAction()));
        List<PeerMatch> from = new ArrayList<>();
        for (int i = 0; i < m.getFromCount(); i++) {
            String text = m.getFrom(i);
            from.add(problems.read(path + ".from[" + i + "]", () -> PeerMatch.parse(text)));
        }
        List<PathMatch> paths = new ArrayList<>();
        for (int i = 0; i < m.getPathsCount(); i++) {
            String text = m.getPaths(i);
            paths.add(problems.read(path + ".paths[" + i + "]", () -> AccessPolicy.path(text)));
        }
        List<HeaderMatch> headers = new ArrayList<>();
        for (int i = 0; i < m.getHeadersCount(); i++) headers.add(MatchMessages.header(m.getHeaders(i), path + ".headers[" + i + "]", problems));
        return problems.count() > before ? null
            : problems.read(path, () -> new AccessPolicy(m.getName(), action, m.getDryRun(), from, paths, m.getMethodsList(), headers));
    }

    static mesh.v1.AccessPolicy encode(AccessPolicy policy) {
        mesh.v1.AccessPolicy.Builder m = mesh.v1.AccessPolicy.newBuilder().setName(policy.name()).setAction(policy.action().text())
            .setDryRun(policy.dryRun()).addAllMethods(policy.methods());
        policy.from().forEach(peer -> m.addFrom(peer.text()));
        policy.paths().forEach(each -> m.addPaths(AccessPolicy.text(each)));
        policy.headers().forEach(each -> m.addHeaders(MatchMessages.encode(each)));
        return m.build();
    }
}
