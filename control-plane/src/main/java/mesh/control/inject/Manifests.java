package mesh.control.inject;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.zjsonpatch.JsonPatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesh.control.inject.SidecarInjector.Injected;
import mesh.control.inject.SidecarInjector.Injection;
import mesh.control.inject.SidecarInjector.Refused;
import mesh.control.inject.SidecarInjector.Skipped;

/** Sidecars put into manifests, as the webhook would into their pods. What is no workload stays as it is; comments do not. */
public final class Manifests {

    /** Where each kind of workload has what its pods are made from. */
    private static final Map<String, String> TEMPLATES = Map.of("Pod", "", "Deployment", "/spec/template", "StatefulSet", "/spec/template",
        "DaemonSet", "/spec/template", "ReplicaSet", "/spec/template", "ReplicationController", "/spec/template", "Job", "/spec/template",
        "CronJob", "/spec/jobTemplate/spec/template");

    private final ObjectMapper yaml = new ObjectMapper(YAMLFactory.builder().disable(YAMLGenerator.Feature.SPLIT_LINES)
        .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES).enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
        .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR).build());
    private final KubernetesSerialization objects = new KubernetesSerialization();
    private final SidecarInjector injector;
    private final List<String> notes = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    public Manifests(SidecarInjector injector) {
        this.injector = injector;
    }

    /**
     * @param text YAML or JSON, of any number of documents
     * @param from for messages
     * @return the same with sidecars, as YAML; "" where there are {@link #problems()}
     * @throws IOException saying where it cannot be read
     */
    public String inject(String text, String from) throws IOException {
        StringBuilder out = new StringBuilder();
        try (JsonParser parser = yaml.getFactory().createParser(text);
            MappingIterator<JsonNode> documents = yaml.readerFor(JsonNode.class).readValues(parser)) {
            while (documents.hasNextValue()) {
                JsonNode document = documents.nextValue();
                // Nothing between two separators is no document.
                if (!document.asText("").isEmpty() || document.isContainerNode()) out.append(yaml.writeValueAsString(injected(document)));
            }
        } catch (JsonProcessingException e) {
            throw new IOException(from + ":" + e.getLocation().getLineNr() + ": " + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        }
        return problems.isEmpty() ? out.toString() : "";
    }

    /** What was done to each workload, or why nothing was. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** What cannot be done, a line each. */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    private JsonNode injected(JsonNode object) {
        String kind = object.path("kind").asText();
        if (object.isObject() && kind.endsWith("List") && object.path("items").isArray()) {
            var items = ((ObjectNode) object).arrayNode();
            object.path("items").forEach(each -> items.add(injected(each)));
            return ((ObjectNode) object).set("items", items);
        }
        String template = TEMPLATES.get(kind);
        if (template == null || !object.at(template).isObject()) {
            return object;
        }
        String name = kind + " " + object.path("metadata").path("name").asText("?");
        Injection injection = injector.inject(objects.convertValue(object.at(template), Pod.class));
        if (injection instanceof Refused refused) {
            refused.problems().lines().forEach(each -> problems.add(name + ": " + each));
        } else if (injection instanceof Skipped skipped) {
            notes.add(name + ": no sidecar: " + skipped.reason());
        } else if (injection instanceof Injected made) {
            notes.add(name + ": injected");
            made.warnings().forEach(each -> notes.add(name + ": " + each));
            return patched(object, template, made);
        }
        return object;
    }

    private static JsonNode patched(JsonNode object, String template, Injected made) {
        made.patch().forEach(each -> ((ObjectNode) each).put("path", template + each.path("path").asText()));
        return JsonPatch.apply(made.patch(), object);
    }
}
