package mesh.control.stream;

import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.MeshSnapshot;
import mesh.xds.ResourceType;

/**
 * One type on one stream: what the client wants, and what it has been sent. Knows nothing of how requests and responses look, so that
 * delta and state-of-the-world streams can share it.
 */
final class Subscription {

    /** What a client lacks, and what it has that it should not. */
    record Difference(List<Resource> changed, List<String> removed) {

        static final Difference NONE = new Difference(List.of(), List.of());

        boolean isEmpty() {
            return changed.isEmpty() && removed.isEmpty();
        }

        Difference withoutRemovals() {
            return new Difference(changed, List.of());
        }
    }

    private final ResourceType type;
    private final Set<String> names = new LinkedHashSet<>();

    /** Version by name of all that the client has or is about to have. A refused version stays, so that it is not sent again unchanged. */
    private final Map<String, String> held = new HashMap<>();

    private boolean wildcard;
    private long sentVersion;
    private long acknowledgedVersion;
    private long refusedVersion;
    private Optional<AdsStream.Refusal> refusal = Optional.empty();

    Subscription(ResourceType type) {
        this.type = type;
    }

    ResourceType type() {
        return type;
    }

    void holds(Map<String, String> versions) {
        held.putAll(versions);
    }

    void wildcard(boolean all) {
        wildcard = all;
    }

    void add(String name) {
        names.add(name);
    }

    void remove(String name) {
        names.remove(name);
        if (!wildcard) {
            held.remove(name);
        }
    }

    /** Sets all that the client wants, and returns the names that it has not wanted until now. */
    Set<String> replace(Set<String> next, boolean all, MeshSnapshot view, ResourceCache cache) {
        if (all == wildcard && next.equals(names)) {
            return Set.of();
        }
        Set<String> before = new HashSet<>(wanted(view, cache));
        names.clear();
        names.addAll(next);
        wildcard = all;
        Set<String> added = new LinkedHashSet<>(wanted(view, cache));
        if (!all) {
            held.keySet().retainAll(names);
        }
        added.removeAll(before);
        return added;
    }

    int size() {
        return Math.max(names.size(), held.size());
    }

    Set<String> names() {
        return names;
    }

    /** Whether the client has refused something, and acknowledged nothing later. */
    boolean rejected() {
        return refusal.isPresent();
    }

    void sent(long version) {
        sentVersion = version;
    }

    /**
     * One of a version's responses was answered: a version that was refused in part is refused.
     *
     * @param last whether no other response of this type waits for an answer
     */
    void answered(long version, Optional<AdsStream.Refusal> refused, boolean last) {
        if (refused.isPresent()) {
            refusedVersion = version;
            refusal = refused;
        } else if (version > refusedVersion) {
            refusal = Optional.empty();
            if (last) {
                acknowledgedVersion = version;
            }
        }
    }

    /** Names that the client asks for and that are not there, sorted. */
    List<String> unknown(MeshSnapshot view, ResourceCache cache) {
        return names.stream().filter(name -> cache.get(type, view, name).isEmpty()).sorted().toList();
    }

    /** @param waits whether a response of this type waits for an answer */
    StreamStatus.OfType status(MeshSnapshot view, ResourceCache cache, boolean waits) {
        List<Resource> resources = held.keySet().stream().sorted().flatMap(name -> find(view, cache, name, false).stream()).toList();
        Optional<StreamStatus.Refused> refused = refusal.map(each -> new StreamStatus.Refused(each.version(), each.message()));
        return new StreamStatus.OfType(type, sentVersion, acknowledgedVersion, refused, waits, resources, unknown(view, cache));
    }

    /**
     * Compares all, and takes the result as sent.
     *
     * @param again names that are sent although the client has them
     */
    Difference next(MeshSnapshot view, ResourceCache cache, Set<String> again) {
        return next(view, cache, again, wanted(view, cache), held.keySet());
    }

    /**
     * As above for a client that has all of the view before.
     *
     * @param changed names of which the two views may have different resources
     */
    Difference next(MeshSnapshot view, ResourceCache cache, Set<String> again, Set<String> changed) {
        if (changed.isEmpty() && again.isEmpty()) {
            return Difference.NONE;
        }
        Set<String> looked = new LinkedHashSet<>(changed);
        looked.addAll(again);
        if (!wildcard) {
            looked.retainAll(names);
        }
        return next(view, cache, again, looked, looked);
    }

    private Difference next(MeshSnapshot view, ResourceCache cache, Set<String> again, Set<String> looked, Set<String> mayBeGone) {
        List<Resource> changed = new ArrayList<>();
        List<String> removed = new ArrayList<>();
        Set<String> gone = new HashSet<>(mayBeGone);
        gone.retainAll(held.keySet());
        for (String name : looked) {
            Optional<Resource> resource = find(view, cache, name, again.contains(name));
            if (resource.isPresent()) {
                gone.remove(name);
                String version = resource.get().getVersion();
                if (!version.equals(held.put(name, version)) || again.contains(name)) {
                    changed.add(resource.get());
                }
            } else if (again.contains(name) && !held.containsKey(name)) {
                removed.add(name);
            }
        }
        held.keySet().removeAll(gone);
        removed.addAll(gone);
        return new Difference(changed, removed);
    }

    /** All that the client wants and the view has. */
    List<Resource> current(MeshSnapshot view, ResourceCache cache) {
        return wanted(view, cache).stream().flatMap(name -> cache.get(type, view, name).stream()).toList();
    }

    private Set<String> wanted(MeshSnapshot view, ResourceCache cache) {
        if (!wildcard) {
            return names;
        }
        if (names.isEmpty()) {
            return cache.names(type, view);
        }
        Set<String> all = new LinkedHashSet<>(cache.names(type, view));
        all.addAll(names);
        return all;
    }

    /**
     * A client waits 15 s for an endpoint set that nobody answers, so whoever asks for one of an unknown cluster gets an empty one. The set
     * of a cluster that is there no longer is removed instead, after the cluster: emptied, it would fail the last requests.
     */
    private Optional<Resource> find(MeshSnapshot view, ResourceCache cache, String name, boolean asked) {
        Optional<Resource> resource = cache.get(type, view, name);
        if (resource.isPresent() || type != ResourceType.ENDPOINTS) {
            return resource;
        }
        Resource empty = ResourceCache.message(ResourceType.emptyEndpoints(name));
        return asked || empty.getVersion().equals(held.get(name)) ? Optional.of(empty) : Optional.empty();
    }
}
