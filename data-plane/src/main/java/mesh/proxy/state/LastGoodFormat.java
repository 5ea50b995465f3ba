package mesh.proxy.state;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.digest.Sha256;
import mesh.model.Cluster;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RouteTable;
import mesh.model.Trust;
import mesh.xds.Decoded;
import mesh.xds.EncodedResource;
import mesh.xds.ResourceType;

/**
 * A {@link LastGood} in bytes: lines that people can read, then what a control plane would have sent, and is read as strictly as if it had.
 *
 * <pre>
 * mesh-sidecar-configuration 1
 * sha256 HEX OF ALL THAT FOLLOWS THIS LINE
 * node payments-1
 * identity spiffe://mesh.local/payments
 * version 42
 * applied 2026-11-23T20:05:07.123Z
 *
 * one DeltaDiscoveryResponse a type, each after its length
 * </pre>
 *
 * The sum finds what disks and people break. It proves nothing about who wrote the file: who may write it may read the key beside it.
 */
final class LastGoodFormat {

    private static final String MAGIC = "mesh-sidecar-configuration ";
    private static final String FORMAT = "1";
    private static final String SUM = "sha256 ";

    private LastGoodFormat() {}

    static byte[] write(LastGood lastGood) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes((head(lastGood.owner()) + "version " + lastGood.snapshot().version() + "\napplied " + lastGood.appliedAt() + "\n\n")
            .getBytes(StandardCharsets.UTF_8));
        for (ResourceType type : ResourceType.values()) {
            try {
                all(type, lastGood.snapshot()).writeDelimitedTo(content);
            } catch (IOException e) {
                throw new IllegalStateException("memory took no " + type, e);
            }
        }
        ByteArrayOutputStream whole = new ByteArrayOutputStream(content.size() + 128);
        whole.writeBytes((MAGIC + FORMAT + "\n" + SUM + Sha256.hex(content.toByteArray()) + "\n").getBytes(StandardCharsets.US_ASCII));
        whole.writeBytes(content.toByteArray());
        return whole.toByteArray();
    }

    private static String head(LastGood.Owner owner) {
        // A node may be called anything, lines included.
        return "node " + URLEncoder.encode(owner.node(), StandardCharsets.UTF_8) + "\nidentity " + owner.identity() + "\n";
    }

    private static DeltaDiscoveryResponse all(ResourceType type, MeshSnapshot snapshot) {
        DeltaDiscoveryResponse.Builder all = DeltaDiscoveryResponse.newBuilder()
            .setTypeUrl(type.typeUrl()).setSystemVersionInfo(Long.toString(snapshot.version()));
        for (String name : type.names(snapshot)) {
            EncodedResource resource = type.encode(snapshot, name).orElseThrow();
            all.addResources(Resource.newBuilder().setName(name).setVersion(resource.version()).setResource(resource.body()));
        }
        return all.build();
    }

    /**
     * Reads what {@link #write} has written, for the same owner.
     *
     * @throws IOException saying what is wrong with it
     */
    static LastGood read(byte[] file, LastGood.Owner owner) throws IOException {
        Cursor cursor = new Cursor(file);
        String format = cursor.line(MAGIC);
        if (!format.equals(FORMAT)) {
            throw new IOException("format " + format + " (expected: " + FORMAT + ")");
        }
        String expected = cursor.line(SUM);
        String actual = Sha256.hex(cursor.rest());
        if (!expected.equals(actual)) {
            throw new IOException("damaged: its SHA-256 is " + actual + " (expected: " + expected + ")");
        }
        String head = "node " + cursor.line("node ") + "\nidentity " + cursor.line("identity ") + "\n";
        if (!head.equals(head(owner))) {
            throw new IOException("is for " + head.strip().replace('\n', ' ') + " (expected: " + head(owner).strip().replace('\n', ' ') + ")");
        }
        try {
            long version = Long.parseLong(cursor.line("version "));
            Instant appliedAt = Instant.parse(cursor.line("applied "));
            cursor.line("");
            return new LastGood(owner, appliedAt, snapshot(version, cursor.rest()));
        } catch (NumberFormatException | DateTimeException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static MeshSnapshot snapshot(long version, byte[] body) throws IOException {
        Map<ResourceType, Map<String, Object>> all = new EnumMap<>(ResourceType.class);
        for (ResourceType type : ResourceType.values()) {
            all.put(type, new LinkedHashMap<>());
        }
        ByteArrayInputStream in = new ByteArrayInputStream(body);
        for (DeltaDiscoveryResponse each; (each = DeltaDiscoveryResponse.parseDelimitedFrom(in)) != null; ) {
            String url = each.getTypeUrl();
            ResourceType type = ResourceType.ofUrl(url).orElseThrow(() -> new IOException("resources of type " + url + ", which is unknown"));
            for (Resource resource : each.getResourcesList()) {
                all.get(type).put(resource.getName(), value(type, resource.getName(), resource.getResource()));
            }
        }
        return new MeshSnapshot(version,
            named(all.get(ResourceType.LISTENER), Listener.class),
            named(all.get(ResourceType.ROUTES), RouteTable.class),
            named(all.get(ResourceType.CLUSTER), Cluster.class),
            named(all.get(ResourceType.ENDPOINTS), EndpointSet.class),
            trust(all, ResourceType.TRUST_NAME).map(Trust::own))
            .withFederation(trust(all, ResourceType.FEDERATED_TRUST_NAME).map(Trust::federated).orElse(List.of()));
    }

    private static Optional<Trust> trust(Map<ResourceType, Map<String, Object>> all, String name) {
        return Optional.ofNullable(named(all.get(ResourceType.TRUST), Trust.class).get(name));
    }

    private static Object value(ResourceType type, String name, Any body) throws IOException {
        Decoded<?> decoded = type.decode(name, body);
        if (decoded instanceof Decoded.Bad<?> bad) {
            throw new IOException("cannot be read by this version: " + bad.problems());
        }
        return ((Decoded.Good<?>) decoded).value();
    }

    private static <T> Map<String, T> named(Map<String, Object> values, Class<T> model) {
        Map<String, T> named = new LinkedHashMap<>();
        values.forEach((name, value) -> named.put(name, model.cast(value)));
        return named;
    }

    /** Takes lines off the beginning of a file. */
    private static final class Cursor {

        private final byte[] file;
        private int at;

        Cursor(byte[] file) {
            this.file = file;
        }

        /** What stands behind a line's first words. */
        String line(String words) throws IOException {
            int end = at;
            while (end < file.length && file[end] != '\n') {
                end++;
            }
            String line = new String(file, at, end - at, StandardCharsets.UTF_8);
            if (end == file.length || !line.startsWith(words)) {
                String shown = line.length() <= 40 ? line : line.substring(0, 40) + "…";
                throw new IOException("damaged: \"" + shown + "\" (expected: a line \"" + words + "…\")");
            }
            at = end + 1;
            return line.substring(words.length());
        }

        byte[] rest() {
            return Arrays.copyOfRange(file, at, file.length);
        }
    }
}
