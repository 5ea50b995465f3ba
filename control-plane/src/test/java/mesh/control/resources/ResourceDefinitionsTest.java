package mesh.control.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaPropsBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The definitions in {@code deploy/kubernetes} are made of the messages; {@code -Dmesh.write-definitions=true} writes them anew. */
class ResourceDefinitionsTest {

    private static final Path FILE = Path.of("../deploy/kubernetes/base/definitions.yaml");
    private static final JSONSchemaProps TEXT = new JSONSchemaPropsBuilder().withType("string").build();

    @Test
    void theDefinitionsSayWhatTheMessagesSay() throws Exception {
        List<String> documents = new ArrayList<>();
        for (ResourceKind kind : ResourceKind.values()) documents.add(Serialization.asYaml(definition(kind)).replaceFirst("^---\n", ""));
        String made = "# Made of proto/mesh/v1/kubernetes.proto by ResourceDefinitionsTest.\n" + String.join("---\n", documents);
        if (Boolean.getBoolean("mesh.write-definitions")) Files.writeString(FILE, made);
        assertThat(Files.readString(FILE)).isEqualTo(made);
    }

    private static CustomResourceDefinition definition(ResourceKind kind) {
        JSONSchemaProps condition = object(Map.of("type", TEXT, "status", TEXT, "reason", TEXT, "message", TEXT, "lastTransitionTime",
            new JSONSchemaPropsBuilder().withType("string").withFormat("date-time").build(), "observedGeneration",
            new JSONSchemaPropsBuilder().withType("integer").withFormat("int64").build()));
        JSONSchemaProps status = object(Map.of("conditions", list(condition)));
        JSONSchemaProps all = new JSONSchemaPropsBuilder().withType("object").withRequired("spec").addToProperties("spec", schema(kind.spec()))
            .addToProperties("status", status).build();
        return new CustomResourceDefinitionBuilder().withNewMetadata().withName(kind.plural() + "." + ResourceKind.GROUP).endMetadata().withNewSpec()
            .withGroup(ResourceKind.GROUP).withScope("Namespaced")
            .withNewNames().withKind(kind.kind()).withListKind(kind.kind() + "List").withPlural(kind.plural())
            .withSingular(kind.kind().toLowerCase(Locale.ROOT)).endNames()
            .addNewVersion().withName(ResourceKind.VERSION).withServed(true).withStorage(true).withNewSubresources().withNewStatus().endStatus()
            .endSubresources().withNewSchema().withOpenAPIV3Schema(all).endSchema()
            .addNewAdditionalPrinterColumn().withName("Accepted").withType("string")
            .withJsonPath(".status.conditions[?(@.type==\"Accepted\")].status").endAdditionalPrinterColumn()
            .endVersion().endSpec().build();
    }

    private static JSONSchemaProps schema(Descriptor message) {
        Map<String, JSONSchemaProps> properties = new LinkedHashMap<>();
        for (FieldDescriptor field : message.getFields()) {
            assertThat(field.isMapField()).as(field.getFullName()).isFalse();
            properties.put(field.getJsonName(), field.isRepeated() ? list(schema(field)) : schema(field));
        }
        return object(properties);
    }

    private static JSONSchemaProps schema(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case STRING, ENUM -> TEXT;
            case BOOLEAN -> new JSONSchemaPropsBuilder().withType("boolean").build();
            case INT -> new JSONSchemaPropsBuilder().withType("integer").withMinimum(0.0).build();
            // JSON of protobuf has them as text, and reads both.
            case LONG -> new JSONSchemaPropsBuilder().withXKubernetesIntOrString(true).build();
            case FLOAT, DOUBLE -> new JSONSchemaPropsBuilder().withType("number").build();
            case MESSAGE -> field.getMessageType().getFullName().equals("google.protobuf.Duration")
                ? new JSONSchemaPropsBuilder().withType("string").withPattern("^[0-9]+(\\.[0-9]{1,9})?s$").build() : schema(field.getMessageType());
            default -> throw new AssertionError(field.getFullName());
        };
    }

    private static JSONSchemaProps object(Map<String, JSONSchemaProps> properties) {
        return new JSONSchemaPropsBuilder().withType("object").withProperties(new TreeMap<>(properties)).build();
    }

    private static JSONSchemaProps list(JSONSchemaProps items) {
        return new JSONSchemaPropsBuilder().withType("array").withNewItems().withSchema(items).endItems().build();
    }
}
