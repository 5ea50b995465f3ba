package mesh.xds;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.core.v3.Metadata;

/**
 * A policy of the mesh's own, a message of {@code mesh.v1}, in the metadata of a resource. It is written as a {@link Struct}: an Envoy
 * whose configuration holds an {@code Any} of a type that it does not know can no longer show any of its configuration.
 */
final class MeshPolicy {

    static final String KEY = "mesh.v1";

    private MeshPolicy() {}

    static Metadata encode(Message policy) {
        Struct.Builder struct = Struct.newBuilder();
        try {
            JsonFormat.parser().merge(JsonFormat.printer().preservingProtoFieldNames().print(policy), struct);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a message that was built is printable", e);
        }
        return Metadata.newBuilder().putFilterMetadata(KEY, struct.build()).build();
    }

    /**
     * Reads what is there into {@code policy}, which stays empty if nothing is. Fields that a later version of the mesh has added are left
     * out.
     */
    static <B extends Message.Builder> B decode(Metadata metadata, B policy, Reading reading) {
        Struct struct = metadata.getFilterMetadataOrDefault(KEY, Struct.getDefaultInstance());
        try {
            JsonFormat.parser().ignoringUnknownFields().merge(JsonFormat.printer().print(struct), policy);
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            // The latter for a number that is none.
            at(reading).problem("is not a readable " + policy.getDescriptorForType().getName() + ": " + e.getMessage());
        }
        return policy;
    }

    /** Where the policy of a resource stands. */
    static Reading at(Reading resource) {
        return resource.at("metadata").at("filter_metadata").at(KEY);
    }
}
