package mesh.control.rollout;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import mesh.control.store.History;
import mesh.model.Cluster;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;

/** What those see who have not been given a change. Any thread. */
final class BeforeChange {

    /** The versions that a rollout is between. */
    private record Versions(String rollout, MeshSnapshot base, MeshSnapshot target) {}

    /** What was before, as it is beside a version. */
    private record Shown(String rollout, MeshSnapshot whole, MeshSnapshot view) {}

    private final History history;
    private volatile Versions versions;
    private volatile Shown shown;

    BeforeChange(History history) {
        this.history = history;
    }

    /**
     * What was before, with the endpoints of now where the change has left them alone, and with the clusters that discovery has found meanwhile.
     *
     * @throws IllegalStateException when the version that was before is not kept any more, or cannot be read
     */
    MeshSnapshot of(Wave wave, MeshSnapshot whole) {
        Shown known = shown;
        // By identity: one version may be shown with endpoints that drain, and without.
        if (known != null && known.whole == whole && known.rollout.equals(wave.id())) {
            return known.view;
        }
        MeshSnapshot made = made(versions(wave), whole);
        shown = new Shown(wave.id(), whole, made);
        return made;
    }

    private static MeshSnapshot made(Versions between, MeshSnapshot whole) {
        MeshSnapshot base = between.base;
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(base.endpoints());
        endpoints.replaceAll((cluster, set) ->
            set.equals(between.target.endpoints().get(cluster)) ? whole.endpoints().getOrDefault(cluster, set) : set);
        Map<String, Cluster> clusters = new LinkedHashMap<>(base.clusters());
        whole.clusters().forEach((name, cluster) -> {
            if (!between.target.clusters().containsKey(name) && clusters.putIfAbsent(name, cluster) == null && whole.endpoints().containsKey(name)) {
                endpoints.put(name, whole.endpoints().get(name));
            }
        });
        return new MeshSnapshot(whole.version(), base.listeners(), base.routeTables(), clusters, endpoints, whole.trust(), base.federation());
    }

    private Versions versions(Wave wave) {
        Versions known = versions;
        if (known == null || !known.rollout.equals(wave.id())) {
            known = new Versions(wave.id(), read(wave.base()), read(wave.target()));
            versions = known;
        }
        return known;
    }

    /** Before the first there was nothing. */
    private MeshSnapshot read(long version) {
        try {
            return version == 0 ? MeshSnapshot.EMPTY : history.read(version).orElseThrow(() ->
                new IllegalStateException("version " + version + " is not kept any more (expected: those of the rollout that is on)"));
        } catch (IOException e) {
            throw new IllegalStateException("version " + version + " cannot be read: " + e.getMessage(), e);
        }
    }
}
