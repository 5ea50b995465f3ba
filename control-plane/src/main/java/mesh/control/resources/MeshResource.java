package mesh.control.resources;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** One of them as it is. */
record MeshResource(GenericKubernetesResource object) {

    private static final KubernetesSerialization SERIALIZATION = new KubernetesSerialization();

    String namespace() {
        return object.getMetadata().getNamespace();
    }

    /** {@code namespace/name}. */
    String name() {
        return namespace() + "/" + object.getMetadata().getName();
    }

    String created() {
        return Objects.requireNonNullElse(object.getMetadata().getCreationTimestamp(), "");
    }

    /** Reads the spec. @throws IllegalArgumentException saying what is none of it */
    <B extends Message.Builder> B spec(B into) {
        try {
            JsonFormat.parser().merge(SERIALIZATION.asJson(object.getAdditionalProperties().getOrDefault("spec", Map.of())), into);
            return into;
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * With another condition {@code Accepted}; empty where it has that already.
     *
     * @param reason {@code Accepted}, {@code Invalid}, {@code NotFound} or {@code Conflicted}
     */
    Optional<GenericKubernetesResource> told(String reason, String message, Instant now) {
        String status = reason.equals("Accepted") ? "True" : "False";
        Map<String, Object> before = accepted();
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", "Accepted");
        condition.put("status", status);
        condition.put("reason", reason);
        condition.put("message", message);
        if (object.getMetadata().getGeneration() != null) condition.put("observedGeneration", object.getMetadata().getGeneration());
        condition.put("lastTransitionTime", status.equals(before.get("status")) ? before.get("lastTransitionTime")
            : now.truncatedTo(ChronoUnit.SECONDS).toString());
        // Numbers are of whatever type the parser has chosen.
        if (SERIALIZATION.asJson(new TreeMap<>(condition)).equals(SERIALIZATION.asJson(new TreeMap<>(before)))) return Optional.empty();
        GenericKubernetesResource next = SERIALIZATION.clone(object);
        next.setAdditionalProperty("status", Map.of("conditions", List.of(condition)));
        return Optional.of(next);
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> accepted() {
        if (!(object.getAdditionalProperties().get("status") instanceof Map<?, ?> status)
            || !(status.get("conditions") instanceof List<?> conditions)) return Map.of();
        return conditions.stream().map(each -> (Map<String, Object>) each).filter(each -> "Accepted".equals(each.get("type"))).findFirst().orElse(Map.of());
    }
}
