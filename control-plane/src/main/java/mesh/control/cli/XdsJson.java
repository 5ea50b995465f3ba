package mesh.control.cli;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Internal;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Envoy's messages as JSON, with the messages that are packed within them. */
final class XdsJson {

    private final Map<String, Descriptor> packed = new HashMap<>();

    private XdsJson() {}

    static String of(Message message) {
        XdsJson search = new XdsJson();
        search.look(message);
        try {
            return JsonFormat.printer().preservingProtoFieldNames()
                .usingTypeRegistry(TypeRegistry.newBuilder().add(search.packed.values()).build()).print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new CommandFailure("the answer holds what this program does not know: " + e.getMessage());
        }
    }

    private void look(Message message) {
        if (message instanceof Any any) {
            unpacked(any).ifPresent(inner -> {
                packed.put(inner.getDescriptorForType().getFullName(), inner.getDescriptorForType());
                look(inner);
            });
            return;
        }
        for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
            if (field.getKey().getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
                continue;
            }
            if (field.getKey().isRepeated()) {
                ((List<?>) field.getValue()).forEach(each -> look((Message) each));
            } else {
                look((Message) field.getValue());
            }
        }
    }

    /** Every message of Envoy's has its class in the package of its own name, below one prefix. */
    private static Optional<Message> unpacked(Any any) {
        String name = any.getTypeUrl().substring(any.getTypeUrl().lastIndexOf('/') + 1);
        for (String type : List.of("io.envoyproxy." + name, "com." + name)) {
            try {
                Class<? extends Message> known = Class.forName(type).asSubclass(Message.class);
                return Optional.of(Internal.getDefaultInstance(known).getParserForType().parseFrom(any.getValue()));
            } catch (ClassNotFoundException | ClassCastException e) {
                // Not that one.
            } catch (InvalidProtocolBufferException e) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }
}
