package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Duration;
import com.google.protobuf.Internal;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;

/** Small pieces that several resources have in common. */
final class Wire {

    static final String TYPE_URL_PREFIX = "type.googleapis.com/";

    /** "Ask for it on this same stream." */
    static final ConfigSource ADS = ConfigSource.newBuilder()
        .setAds(AggregatedConfigSource.getDefaultInstance())
        .setResourceApiVersion(ApiVersion.V3)
        .build();

    private static final Set<String> ADS_FIELDS = Set.of("ads", "resource_api_version", "initial_fetch_timeout");

    private Wire() {}

    static String typeUrl(Class<? extends Message> type) {
        return TYPE_URL_PREFIX + Internal.getDefaultInstance(type).getDescriptorForType().getFullName();
    }

    /** {@link Any#pack} with stable bytes: protobuf leaves the order of map entries open unless asked. */
    static Any pack(Message message) {
        ByteString.Output bytes = ByteString.newOutput(message.getSerializedSize());
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.useDeterministicSerialization();
        try {
            message.writeTo(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
        return Any.newBuilder()
            .setTypeUrl(TYPE_URL_PREFIX + message.getDescriptorForType().getFullName())
            .setValue(bytes.toByteString())
            .build();
    }

    static Duration duration(java.time.Duration value) {
        return Duration.newBuilder().setSeconds(value.getSeconds()).setNanos(value.getNano()).build();
    }

    static UInt32Value uint32(int value) {
        return UInt32Value.of(value);
    }

    /** Notes a problem when a resource is to come from somewhere else than this stream. */
    static void onlyAds(ConfigSource source, Reading reading) {
        reading.only(source, ADS_FIELDS);
        if (!source.hasAds()) {
            reading.problem("is not ads (expected: ads, the stream that this came on)");
        }
    }
}
