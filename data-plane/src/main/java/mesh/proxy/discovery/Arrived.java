package mesh.proxy.discovery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import mesh.model.Cluster;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.Problem;
import mesh.xds.Decoded;
import mesh.xds.ResourceType;

/**
 * What has come over all streams so far: of each resource the last version that could be read, and which names that others mention have
 * been answered. One thread.
 */
final class Arrived {

    private static final String NOT_APPLIED = "not applied";

    private record Held(String version, Object value) {}

    private static final class OfType {
        final Map<String, Held> held = new LinkedHashMap<>();
        /** Asked for, and there is none. */
        final Set<String> absent = new HashSet<>();
        final Map<String, List<Problem>> rejected = new LinkedHashMap<>();
        /** Came since the last set that was applied. */
        final Set<String> unapplied = new HashSet<>();
        /** In ticker nanoseconds, of those that are not good for ever. */
        final Map<String, Long> expiries = new HashMap<>();

        void goodFor(String name, Optional<Duration> ttl, long now) {
            if (ttl.isPresent()) {
                expiries.put(name, now + ttl.get().toNanos());
            } else {
                expiries.remove(name);
            }
        }

        void forget(String name) {
            expiries.remove(name);
            held.remove(name);
            absent.remove(name);
            rejected.remove(name);
            unapplied.remove(name);
        }
    }

    private final Map<ResourceType, OfType> types = new EnumMap<>(ResourceType.class);

    Arrived() {
        for (ResourceType type : ResourceType.values()) {
            types.put(type, new OfType());
        }
    }

    /** Takes the good resources, remembers what is wrong with the others, and tells whether anything is different now. */
    boolean take(Push push, long now) {
        OfType type = types.get(push.type());
        Set<String> wanted = push.type().wildcard() ? null : wanted(push.type());
        boolean changed = false;
        for (Push.Resource resource : push.resources()) {
            if (wanted == null || wanted.contains(resource.name())) {
                changed |= take(type, resource);
                if (resource.decoded() instanceof Decoded.Good<?>) type.goodFor(resource.name(), resource.ttl(), now);
            }
        }
        for (Push.Heartbeat beat : push.beats()) {
            Held held = type.held.get(beat.name());
            if (held != null && held.version.equals(beat.version())) type.goodFor(beat.name(), beat.ttl(), now);
        }
        for (String name : push.removed()) {
            changed |= remove(type, wanted, name);
        }
        for (String name : push.errors().keySet()) {
            // What is here is better than nothing; what is not here need not be waited for.
            if (!type.held.containsKey(name) && wanted != null && wanted.contains(name)) changed |= type.absent.add(name);
        }
        forgetUnwanted();
        return changed;
    }

    private static boolean remove(OfType type, Set<String> wanted, String name) {
        boolean changed = type.held.containsKey(name) || wanted != null && wanted.contains(name) && !type.absent.contains(name);
        type.forget(name);
        if (wanted != null && wanted.contains(name)) {
            type.absent.add(name);
        }
        return changed;
    }

    /** Removes what is not good any more, and tells whether there was something. */
    boolean expire(long now) {
        boolean changed = false;
        for (ResourceType type : ResourceType.values()) {
            OfType of = types.get(type);
            for (Map.Entry<String, Long> each : Map.copyOf(of.expiries).entrySet()) {
                if (each.getValue() - now <= 0) {
                    changed |= remove(of, type.wildcard() ? null : wanted(type), each.getKey());
                }
            }
        }
        forgetUnwanted();
        return changed;
    }

    /** When the next is not good any more. */
    OptionalLong nextExpiry() {
        // Compared by difference: a ticker may pass zero.
        return types.values().stream().flatMap(type -> type.expiries.values().stream()).reduce((a, b) -> a - b <= 0 ? a : b)
            .map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    private static boolean take(OfType type, Push.Resource resource) {
        String name = resource.name();
        if (resource.decoded() instanceof Decoded.Bad<?> bad) {
            return !bad.problems().equals(type.rejected.put(name, bad.problems()));
        }
        Object value = ((Decoded.Good<?>) resource.decoded()).value();
        Held before = type.held.put(name, new Held(resource.version(), value));
        boolean wasAbsent = type.absent.remove(name);
        boolean wasRejected = type.rejected.remove(name) != null;
        boolean changed = before == null || !before.value.equals(value) || wasAbsent || wasRejected;
        if (changed) {
            type.unapplied.add(name);
        }
        return changed;
    }

    private void forgetUnwanted() {
        for (ResourceType type : ResourceType.values()) {
            if (!type.wildcard()) {
                OfType of = types.get(type);
                Set<String> known = new HashSet<>(of.held.keySet());
                known.addAll(of.absent);
                known.addAll(of.rejected.keySet());
                known.removeAll(wanted(type));
                known.forEach(of::forget);
            }
        }
    }

    /** The names that what has arrived mentions; not for types that come whole. */
    Set<String> wanted(ResourceType type) {
        return switch (type) {
            case ENDPOINTS -> types.get(ResourceType.CLUSTER).held.keySet();
            case ROUTES -> routeTables();
            case TRUST -> usesTls() ? Set.of(ResourceType.TRUST_NAME, ResourceType.FEDERATED_TRUST_NAME) : Set.of();
            case CLUSTER, LISTENER -> throw new IllegalArgumentException(type + " (expected: a type that is asked for by name)");
        };
    }

    private Set<String> routeTables() {
        Set<String> names = new LinkedHashSet<>();
        for (Listener listener : all(ResourceType.LISTENER, Listener.class).values()) {
            if (listener.traffic() instanceof Listener.HttpTraffic http) {
                names.add(http.routeTable());
            }
        }
        return names;
    }

    private boolean usesTls() {
        return all(ResourceType.LISTENER, Listener.class).values().stream().anyMatch(listener -> listener.tls().isPresent())
            || all(ResourceType.CLUSTER, Cluster.class).values().stream().anyMatch(cluster -> cluster.tls().isPresent())
            || all(ResourceType.ENDPOINTS, EndpointSet.class).values().stream()
                .anyMatch(set -> set.endpoints().stream().anyMatch(endpoint -> endpoint.spiffeId().isPresent()));
    }

    /** Whether a name needs no more waiting: it is here, or there is none, or it came and could not be read. */
    boolean answered(ResourceType type, String name) {
        OfType of = types.get(type);
        return of.held.containsKey(name) || of.absent.contains(name) || of.rejected.containsKey(name);
    }

    /** The last good values by name, in the order in which they first came. */
    <T> Map<String, T> all(ResourceType type, Class<T> model) {
        Map<String, T> all = new LinkedHashMap<>();
        types.get(type).held.forEach((name, held) -> all.put(name, model.cast(held.value)));
        return all;
    }

    /**
     * What a new stream begins with: every name that is here, so that its removal is told, with its version if that was applied. The others
     * have a version that no resource has, and so are sent again.
     */
    Map<String, String> versions(ResourceType type) {
        OfType of = types.get(type);
        Map<String, String> versions = new HashMap<>();
        of.held.forEach((name, held) -> versions.put(name, of.unapplied.contains(name) ? NOT_APPLIED : held.version));
        return versions;
    }

    /** What is wrong with the resources of a type that are still the way they were refused. */
    List<Problem> rejected(ResourceType type) {
        List<Problem> all = new ArrayList<>();
        types.get(type).rejected.values().forEach(all::addAll);
        return all;
    }

    void applied() {
        types.values().forEach(type -> type.unapplied.clear());
    }

    /**
     * On a new stream every name is asked for anew: what did not exist may have come to exist, and what could not be read comes again,
     * unless it has been put back to what is here.
     */
    void streamOpened() {
        for (OfType type : types.values()) {
            type.absent.clear();
            type.rejected.clear();
        }
    }
}
