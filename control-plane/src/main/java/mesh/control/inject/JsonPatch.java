package mesh.control.inject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

/** Operations of RFC 6902 on one document, in the order in which they are carried out. */
final class JsonPatch {

    private static final KubernetesSerialization OBJECTS = new KubernetesSerialization();

    private final ArrayNode operations = JsonNodeFactory.instance.arrayNode();

    /** @param value an object of Kubernetes, or what JSON is made of */
    void add(String path, Object value) {
        operation("add", path).set("value", value instanceof JsonNode node ? node : OBJECTS.convertValue(value, JsonNode.class));
    }

    void remove(String path) {
        operation("remove", path);
    }

    private ObjectNode operation(String op, String path) {
        return operations.addObject().put("op", op).put("path", path);
    }

    ArrayNode operations() {
        return operations;
    }

    /** A name as it stands in a path. */
    static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }
}
