package mesh.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.Trust;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.api.Test;

class ResourceTypeTest {

    private static final MeshSnapshot RICH = Samples.rich();

    /** Every resource of the sample, of every type. */
    record Named(ResourceType type, String name) {
        static Stream<Named> all() {
            return Arrays.stream(ResourceType.values()).flatMap(type -> type.names(RICH).stream().map(name -> new Named(type, name)));
        }

        EncodedResource encoded() {
            return type.encode(RICH, name).orElseThrow();
        }

        Object model() {
            return switch (type) {
                case TRUST -> name.equals(ResourceType.TRUST_NAME) ? Trust.of(RICH.trust().orElseThrow())
                    : new Trust(RICH.trust().orElseThrow(), List.copyOf(RICH.federation().values()));
                case CLUSTER -> RICH.clusters().get(name);
                case ENDPOINTS -> Optional.ofNullable(RICH.endpoints().get(name)).orElse(new mesh.model.EndpointSet(name, List.of()));
                case LISTENER -> RICH.listeners().get(name);
                case ROUTES -> RICH.routeTables().get(name);
            };
        }
    }

    static Stream<Named> everyResource() {
        return Named.all();
    }

    @ParameterizedTest
    @MethodSource("everyResource")
    void decodesToWhatWasEncoded(Named resource) {
        Decoded<?> decoded = resource.type().decode(resource.name(), resource.encoded().body());
        assertThat(decoded).isEqualTo(new Decoded.Good<>(resource.model()));
    }

    @ParameterizedTest
    @MethodSource("everyResource")
    void hasTheSameBytesAndVersionForAnEqualConfiguration(Named resource) {
        assertThat(resource.type().encode(Samples.rich(), resource.name())).contains(resource.encoded());
        assertThat(resource.encoded().version()).hasSize(16);
    }

    @ParameterizedTest
    @MethodSource("everyResource")
    void isSentUnderItsTypeUrl(Named resource) {
        assertThat(resource.encoded().body().getTypeUrl()).isEqualTo(resource.type().typeUrl());
        assertThat(ResourceType.ofUrl(resource.type().typeUrl())).contains(resource.type());
    }

    @ParameterizedTest
    @EnumSource
    void hasNothingUnderAnUnknownName(ResourceType type) {
        assertThat(type.encode(RICH, "nobody")).isEmpty();
        assertThat(type.source(RICH, "nobody")).isNull();
    }

    @Test
    void anEndpointsWeightDoesNotChangeItsClusterButItsIdentityDoes() {
        MeshSnapshot lighter = Changes.endpoint(RICH, "secure", 0, e -> new mesh.model.Endpoint(e.address(), 5, e.spiffeId()));
        MeshSnapshot other = Changes.endpoint(RICH, "secure", 0, e -> new mesh.model.Endpoint(e.address(), 2, Optional.empty()));
        assertThat(ResourceType.CLUSTER.source(lighter, "secure")).isEqualTo(ResourceType.CLUSTER.source(RICH, "secure"));
        assertThat(ResourceType.CLUSTER.encode(lighter, "secure")).isEqualTo(ResourceType.CLUSTER.encode(RICH, "secure"));
        assertThat(ResourceType.CLUSTER.encode(other, "secure")).isNotEqualTo(ResourceType.CLUSTER.encode(RICH, "secure"));
    }

    @Test
    void refusesAResourceUnderAnotherName() {
        Any body = ResourceType.CLUSTER.encode(RICH, "plain").orElseThrow().body();
        assertThat(problems(ResourceType.CLUSTER.decode("other", body)))
            .containsExactly("clusters.plain: was sent under the name \"other\" (expected: under its own)");
    }

    @Test
    void refusesAResourceOfAnotherType() {
        Any body = ResourceType.CLUSTER.encode(RICH, "plain").orElseThrow().body();
        assertThat(problems(ResourceType.LISTENER.decode("plain", body))).singleElement().asString()
            .startsWith("listeners.plain: \"type.googleapis.com/envoy.config.cluster.v3.Cluster\" (expected:");
    }

    /** Bytes of a real resource with a few changed, cut or repeated: close enough to reach deep into each codec. */
    @ParameterizedTest
    @MethodSource("everyResource")
    void neverThrowsOnHostileBytes(Named resource) {
        byte[] good = resource.encoded().body().getValue().toByteArray();
        Random random = new Random(resource.hashCode() + 42L);
        for (int i = 0; i < 4_000; i++) {
            Any body = Any.newBuilder().setTypeUrl(resource.type().typeUrl()).setValue(ByteString.copyFrom(mutate(good, random))).build();
            Decoded<?> decoded = resource.type().decode(resource.name(), body);
            if (decoded instanceof Decoded.Bad<?> bad) {
                assertThat(bad.problems()).isNotEmpty().allSatisfy(p -> assertThat(p.message()).isNotBlank());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void neverThrowsOnNoise(ResourceType type) {
        Random random = new Random(7);
        for (int i = 0; i < 2_000; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            assertThat(type.decode("x", Any.newBuilder().setTypeUrl(type.typeUrl()).setValue(ByteString.copyFrom(noise)).build())).isNotNull();
        }
        assertThat(type.decode("x", Any.getDefaultInstance())).isInstanceOf(Decoded.Bad.class);
    }

    private static byte[] mutate(byte[] good, Random random) {
        byte[] bytes = good.clone();
        if (bytes.length == 0) {
            return bytes;
        }
        for (int n = random.nextInt(4); n >= 0; n--) {
            bytes[random.nextInt(bytes.length)] = switch (random.nextInt(3)) {
                case 0 -> (byte) random.nextInt(256);
                case 1 -> (byte) 0xff;
                default -> bytes[random.nextInt(bytes.length)];
            };
        }
        return random.nextInt(5) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    static List<String> problems(Decoded<?> decoded) {
        assertThat(decoded).isInstanceOf(Decoded.Bad.class);
        return ((Decoded.Bad<?>) decoded).problems().stream().map(Problem::toString).toList();
    }
}
