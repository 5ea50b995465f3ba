package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Whatever stands in the mesh's own metadata: an Envoy carries it, and does nothing with it. */
final class IgnoredByEnvoy {

    private static final String EFFECT = "is a policy of the mesh's own, which an Envoy does not know";

    private final ResourceType type;
    private final String name;
    private final List<Ignored> found = new ArrayList<>();

    private IgnoredByEnvoy(ResourceType type, String name) {
        this.type = type;
        this.name = name;
    }

    static List<Ignored> of(ResourceType type, String name, Any body) {
        IgnoredByEnvoy search = new IgnoredByEnvoy(type, name);
        try {
            switch (type) {
                case CLUSTER -> search.look("", body.unpack(Cluster.class));
                case LISTENER -> search.look("", body.unpack(Listener.class));
                case ROUTES -> search.look("", body.unpack(RouteConfiguration.class));
                case ENDPOINTS, TRUST -> { }
            }
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("what was sent is readable", e);
        }
        return search.found;
    }

    private void look(String path, Message message) {
        if (message instanceof Metadata metadata) {
            Struct ours = metadata.getFilterMetadataOrDefault(MeshPolicy.KEY, Struct.getDefaultInstance());
            ours.getFieldsMap().keySet().stream().sorted().forEach(field -> found.add(new Ignored(type, name, path + field, EFFECT)));
            return;
        }
        for (Map.Entry<FieldDescriptor, Object> each : message.getAllFields().entrySet()) {
            FieldDescriptor field = each.getKey();
            if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE || field.isMapField()) continue;
            String at = field.getMessageType().equals(Metadata.getDescriptor()) ? path : path + field.getName() + ".";
            if (field.isRepeated()) {
                List<?> list = (List<?>) each.getValue();
                for (int i = 0; i < list.size(); i++) look(at + called((Message) list.get(i), i) + ".", (Message) list.get(i));
            } else {
                look(at, (Message) each.getValue());
            }
        }
    }

    private static String called(Message part, int index) {
        FieldDescriptor name = part.getDescriptorForType().findFieldByName("name");
        boolean named = name != null && name.getJavaType() == FieldDescriptor.JavaType.STRING && !part.getField(name).equals("");
        return named ? (String) part.getField(name) : Integer.toString(index);
    }
}
