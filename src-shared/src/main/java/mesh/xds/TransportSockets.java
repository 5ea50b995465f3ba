package mesh.xds;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateProviderPluginInstance;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import mesh.model.DownstreamTls;
import mesh.model.SpiffeId;
import mesh.model.UpstreamProtocol;
import mesh.model.UpstreamTls;

/**
 * mTLS on either side. The certificate is the client's own: an Envoy has it in its bootstrap as the secret {@code default}, because keys
 * never travel. Whom to trust is the bundles' business ({@link ResourceType#TRUST_NAME}); what stands here is only which identities will do.
 */
final class TransportSockets {

    /** The SDS name of a workload's own certificate (Istio and SPIRE use the same). */
    private static final String OWN_CERTIFICATE = "default";

    private static final String TLS = "envoy.transport_sockets.tls";

    /** Beside the protocol, {@code mesh} tells a sidecar's own TLS from an application's. */
    private static final String MESH = "mesh";
    private static final List<String> ACCEPTED = List.of("h2", "http/1.1", MESH);

    private static final Set<String> COMMON_FIELDS =
        Set.of("tls_params", "alpn_protocols", "tls_certificate_sds_secret_configs", "combined_validation_context");

    private TransportSockets() {}

    static TransportSocket downstream(DownstreamTls tls, boolean federated) {
        return socket(DownstreamTlsContext.newBuilder()
            .setCommonTlsContext(common(tls.allow(), federated, ACCEPTED))
            .setRequireClientCertificate(BoolValue.of(true))
            .build());
    }

    static TransportSocket upstream(Set<SpiffeId> expect, boolean federated, UpstreamProtocol protocol) {
        List<String> offered = switch (protocol) {
            // An Envoy then offers what the connection is for; a list would leave the choice to the peer.
            case DOWNSTREAM -> List.of();
            case HTTP1 -> List.of("http/1.1", MESH);
            case HTTP2 -> List.of("h2", MESH);
        };
        return socket(UpstreamTlsContext.newBuilder().setCommonTlsContext(common(expect, federated, offered)).build());
    }

    /** The client has its certificate and the bundle from files, under the name that gRPC's own tools and Istio's give them. */
    @SuppressWarnings("deprecation") // gRFC A29 names match_subject_alt_names.
    static TransportSocket upstreamOfGrpc(Set<SpiffeId> expect) {
        CertificateProviderPluginInstance files = CertificateProviderPluginInstance.newBuilder().setInstanceName(OWN_CERTIFICATE).build();
        CertificateValidationContext.Builder required = CertificateValidationContext.newBuilder().setCaCertificateProviderInstance(files);
        expect.stream().sorted().forEach(id -> required.addMatchSubjectAltNames(StringMatcher.newBuilder().setExact(id.toString())));
        return socket(UpstreamTlsContext.newBuilder()
            .setCommonTlsContext(CommonTlsContext.newBuilder()
                .setTlsCertificateProviderInstance(files)
                .setValidationContext(required))
            .build());
    }

    static DownstreamTls downstream(TransportSocket socket, DownstreamTls.Mode mode, Reading reading) {
        DownstreamTlsContext context = reading.at("typed_config").unpack(socket.getTypedConfig(), DownstreamTlsContext.class);
        if (context == null) {
            return null;
        }
        reading.only(context, Set.of("common_tls_context", "require_client_certificate"));
        if (!context.getRequireClientCertificate().getValue()) {
            reading.at("require_client_certificate").unexpected(false, "true");
        }
        return new DownstreamTls(mode, identities(context.getCommonTlsContext(), reading.at("common_tls_context")));
    }

    static UpstreamTls upstream(TransportSocket socket, Reading reading) {
        UpstreamTlsContext context = reading.at("typed_config").unpack(socket.getTypedConfig(), UpstreamTlsContext.class);
        if (context == null) {
            return null;
        }
        reading.only(context, Set.of("common_tls_context", "max_session_keys"));
        return new UpstreamTls(identities(context.getCommonTlsContext(), reading.at("common_tls_context")));
    }

    private static TransportSocket socket(com.google.protobuf.Message context) {
        return TransportSocket.newBuilder().setName(TLS).setTypedConfig(Wire.pack(context)).build();
    }

    /**
     * Where no identity is named, any of the mesh's own trust domain will do, and of no other.
     *
     * @param federated whether there are others
     */
    private static CommonTlsContext common(Set<SpiffeId> identities, boolean federated, List<String> protocols) {
        String trust = federated && !identities.isEmpty() ? ResourceType.FEDERATED_TRUST_NAME : ResourceType.TRUST_NAME;
        CertificateValidationContext.Builder required = CertificateValidationContext.newBuilder();
        identities.stream().sorted().forEach(id -> required.addMatchTypedSubjectAltNames(SubjectAltNameMatcher.newBuilder()
            .setSanType(SanType.URI)
            .setMatcher(StringMatcher.newBuilder().setExact(id.toString()))));
        return CommonTlsContext.newBuilder()
            .setTlsParams(TlsParameters.newBuilder()
                .setTlsMinimumProtocolVersion(TlsProtocol.TLSv1_3)
                .setTlsMaximumProtocolVersion(TlsProtocol.TLSv1_3))
            .addAllAlpnProtocols(protocols)
            .addTlsCertificateSdsSecretConfigs(SdsSecretConfig.newBuilder().setName(OWN_CERTIFICATE))
            .setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                .setDefaultValidationContext(required)
                .setValidationContextSdsSecretConfig(SdsSecretConfig.newBuilder().setName(trust).setSdsConfig(Wire.ADS)))
            .build();
    }

    private static Set<SpiffeId> identities(CommonTlsContext common, Reading reading) {
        reading.only(common, COMMON_FIELDS);
        if (common.getTlsCertificateSdsSecretConfigsCount() != 1) {
            reading.at("tls_certificate_sds_secret_configs")
                .problem("has " + common.getTlsCertificateSdsSecretConfigsCount() + " certificates (expected: one)");
        } else {
            SdsSecretConfig own = common.getTlsCertificateSdsSecretConfigs(0);
            Reading at = reading.at("tls_certificate_sds_secret_configs", 0);
            checkName(own, OWN_CERTIFICATE, at);
            if (own.hasSdsConfig()) {
                Wire.onlyAds(own.getSdsConfig(), at.at("sds_config"));
            }
        }
        CombinedCertificateValidationContext combined = common.getCombinedValidationContext();
        Reading at = reading.at("combined_validation_context");
        at.only(combined, Set.of("default_validation_context", "validation_context_sds_secret_config"));
        SdsSecretConfig trust = combined.getValidationContextSdsSecretConfig();
        Wire.onlyAds(trust.getSdsConfig(), at.at("validation_context_sds_secret_config").at("sds_config"));
        Reading inDefault = at.at("default_validation_context");
        inDefault.only(combined.getDefaultValidationContext(), Set.of("match_typed_subject_alt_names"));
        Set<SpiffeId> ids = new HashSet<>();
        for (int i = 0; i < combined.getDefaultValidationContext().getMatchTypedSubjectAltNamesCount(); i++) {
            SpiffeId id = identity(combined.getDefaultValidationContext().getMatchTypedSubjectAltNames(i),
                inDefault.at("match_typed_subject_alt_names", i));
            if (id != null) {
                ids.add(id);
            }
        }
        if (ids.isEmpty() || !trust.getName().equals(ResourceType.FEDERATED_TRUST_NAME)) {
            checkName(trust, ResourceType.TRUST_NAME, at.at("validation_context_sds_secret_config"));
        }
        return ids;
    }

    private static SpiffeId identity(SubjectAltNameMatcher san, Reading reading) {
        reading.only(san, Set.of("san_type", "matcher"));
        if (san.getSanType() != SanType.URI) {
            reading.at("san_type").unexpected(san.getSanTypeValue(), "URI");
        }
        Reading at = reading.at("matcher");
        at.only(san.getMatcher(), Set.of("exact"));
        return at.check(() -> SpiffeId.parse(san.getMatcher().getExact()));
    }

    private static void checkName(SdsSecretConfig secret, String name, Reading reading) {
        if (!secret.getName().equals(name)) {
            reading.at("name").unexpected(secret.getName(), name);
        }
    }
}
