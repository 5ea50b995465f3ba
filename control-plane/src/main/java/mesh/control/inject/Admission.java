package mesh.control.inject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import mesh.control.inject.SidecarInjector.Injected;
import mesh.control.inject.SidecarInjector.Injection;
import mesh.control.inject.SidecarInjector.Refused;
import mesh.control.inject.SidecarInjector.Skipped;

/** Answers an {@code AdmissionReview} of {@code admission.k8s.io/v1}: the pod as it is, the pod with a sidecar, or a refusal. Any thread. */
public final class Admission {

    private static final String VERSION = "admission.k8s.io/v1";
    /** What the API server passes on of a warning before it cuts it. */
    private static final int LONGEST_WARNING = 250;

    private final SidecarInjector injector;
    private final Consumer<String> counter;
    private final ObjectMapper json = new ObjectMapper();
    private final KubernetesSerialization objects = new KubernetesSerialization();

    /** @param counter is told how each review ended: {@code injected}, {@code skipped} or {@code refused} */
    public Admission(SidecarInjector injector, Consumer<String> counter) {
        this.injector = injector;
        this.counter = counter;
    }

    /**
     * @param review as the API server sends it
     * @return what it is to be answered with
     * @throws IllegalArgumentException for what is no review, naming what was expected
     */
    public String review(String review) {
        JsonNode read;
        try {
            read = json.readTree(review);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON (expected: an AdmissionReview of " + VERSION + "): " + e.getOriginalMessage());
        }
        if (!VERSION.equals(read.path("apiVersion").asText()) || !"AdmissionReview".equals(read.path("kind").asText())
            || !read.path("request").path("uid").isTextual()) {
            throw new IllegalArgumentException("\"" + read.path("apiVersion").asText() + " " + read.path("kind").asText()
                + "\" (expected: an AdmissionReview of " + VERSION + " with a request)");
        }
        ObjectNode answer = json.createObjectNode().put("apiVersion", VERSION).put("kind", "AdmissionReview");
        respond(read.path("request"), answer.putObject("response"));
        return answer.toString();
    }

    private void respond(JsonNode request, ObjectNode response) {
        response.put("uid", request.path("uid").asText()).put("allowed", true);
        if (!"Pod".equals(request.path("kind").path("kind").asText()) || !request.path("kind").path("group").asText().isEmpty()
            || !request.path("object").isObject()) {
            counter.accept("skipped");
            return;
        }
        Injection injection;
        try {
            injection = injector.inject(objects.convertValue(request.path("object"), Pod.class));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("request.object is no readable Pod: " + e.getMessage());
        }
        if (injection instanceof Injected injected) {
            counter.accept("injected");
            response.put("patchType", "JSONPatch")
                .put("patch", Base64.getEncoder().encodeToString(injected.patch().toString().getBytes(StandardCharsets.UTF_8)));
            warn(response, injected.warnings());
        } else if (injection instanceof Skipped skipped) {
            counter.accept("skipped");
            if (skipped.warned()) warn(response, List.of("no sidecar: " + skipped.reason()));
        } else if (injection instanceof Refused refused) {
            counter.accept("refused");
            response.put("allowed", false).putObject("status").put("code", 400).put("message", refused.problems());
        }
    }

    private static void warn(ObjectNode response, List<String> warnings) {
        if (warnings.isEmpty()) return;
        var list = response.putArray("warnings");
        warnings.forEach(each -> list.add("mesh: " + (each.length() > LONGEST_WARNING ? each.substring(0, LONGEST_WARNING) + "…" : each)));
    }
}
