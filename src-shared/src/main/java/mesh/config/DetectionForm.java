package mesh.config;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.Detection;
import mesh.model.Detection.TlsRoute;

/** Keys of a listener that finds out what its clients speak. */
final class DetectionForm {

    private DetectionForm() {}

    static String protocol(String text) {
        if (Set.of("http", "tcp", "auto").contains(text)) return text;
        throw new IllegalArgumentException("\"" + text + "\" (expected: http, tcp or auto)");
    }

    /** Empty where it does not, and after a finding. */
    static Optional<Detection> listener(Section s, String cluster, boolean auto, References clusters) {
        if (!auto) List.of("tlsRoutes", "serverFirstPorts").forEach(key -> s.refuse(key, "beside a protocol that is declared", "only with protocol auto"));
        List<TlsRoute> tls = s.items("tlsRoutes", each -> route(each, clusters));
        Set<Integer> ports = new HashSet<>(s.texts("serverFirstPorts", text -> Values.integer(text, 1, 65535)));
        if (!auto || cluster == null) return Optional.empty();
        return Optional.ofNullable(s.make(() -> new Detection(cluster, tls, ports.isEmpty() ? Detection.SERVER_FIRST : ports)));
    }

    private static TlsRoute route(Section s, References clusters) {
        List<String> names = s.texts("sni", text -> text);
        String cluster = s.required("cluster", "a cluster", Values::name);
        clusters.use(cluster, s, "cluster");
        return s.make(() -> new TlsRoute(names, cluster));
    }
}
