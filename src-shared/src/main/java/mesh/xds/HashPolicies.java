package mesh.xds;

import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties;
import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.FilterState;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.v3.HashPolicy.SourceIp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.HashPolicy;
import mesh.model.HashPolicy.By;
import mesh.model.HashPolicy.Cookie;
import mesh.model.HashPolicy.Header;
import mesh.model.HashPolicy.PeerIdentity;
import mesh.model.HashPolicy.SourceAddress;
import mesh.v1.ListenerPolicy;

/**
 * What keys are made of, as Envoy has it. The SPIFFE id of the peer is what stands after {@code URI=} in {@code x-forwarded-client-cert},
 * which an Envoy sets itself, and drops from whoever sends it, on listeners with mTLS. TCP has no fields: there an Envoy goes by the address,
 * and {@link ListenerPolicy} says to ours what was meant.
 */
final class HashPolicies {

    private static final String CERTIFICATE = "x-forwarded-client-cert";
    private static final RegexMatchAndSubstitute ITS_URI = RegexMatchAndSubstitute.newBuilder()
        .setPattern(RegexMatcher.newBuilder().setRegex(".*;URI=([^;,]*).*"))
        .setSubstitution("\\1")
        .build();

    private static final FilterState CHANNEL = FilterState.newBuilder().setKey("io.grpc.channel_id").build();

    private HashPolicies() {}

    static io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy encode(HashPolicy policy) {
        var message = io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.newBuilder().setTerminal(policy.terminal());
        if (policy.by() instanceof Header header) {
            message.getHeaderBuilder().setHeaderName(header.name());
        } else if (policy.by() instanceof Cookie cookie) {
            message.getCookieBuilder().setName(cookie.name()).setPath(cookie.path());
            cookie.ttl().ifPresent(ttl -> message.getCookieBuilder().setTtl(Wire.duration(ttl)));
        } else if (policy.by() instanceof SourceAddress) {
            message.setConnectionProperties(ConnectionProperties.newBuilder().setSourceIp(true));
        } else {
            message.getHeaderBuilder().setHeaderName(CERTIFICATE).setRegexRewrite(ITS_URI);
        }
        return message.build();
    }

    /**
     * What a gRPC client knows (gRFC A42): fields, and its own channel. Where a key is the client's address or identity, whatever a channel calls has
     * the same key. Cookies it has none.
     */
    static List<io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy> encodeForGrpc(List<HashPolicy> policies) {
        List<io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy> messages = new ArrayList<>();
        for (HashPolicy policy : policies) {
            if (policy.by() instanceof Header) messages.add(encode(policy));
            else if (policy.by().ofConnections()) messages.add(encode(policy).toBuilder().setFilterState(CHANNEL).build());
        }
        return messages;
    }

    static List<HashPolicy> decode(List<io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy> messages, Reading route) {
        List<HashPolicy> policies = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            var message = messages.get(i);
            By by = decode(message, route.at("hash_policy", i));
            if (by != null) policies.add(new HashPolicy(by, message.getTerminal()));
        }
        return policies;
    }

    /** Null after a problem. */
    private static By decode(io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy message, Reading reading) {
        reading.only(message, Set.of("header", "cookie", "connection_properties", "terminal"));
        return switch (message.getPolicySpecifierCase()) {
            case HEADER -> header(message.getHeader(), reading.at("header"));
            case COOKIE -> cookie(message.getCookie(), reading.at("cookie"));
            case CONNECTION_PROPERTIES -> {
                if (!message.getConnectionProperties().getSourceIp()) {
                    reading.at("connection_properties").at("source_ip").unexpected(false, "true");
                }
                yield new SourceAddress();
            }
            default -> {
                reading.problem("names nothing to go by (expected: header, cookie or connection_properties)");
                yield null;
            }
        };
    }

    private static By header(io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.Header header, Reading reading) {
        reading.only(header, Set.of("header_name", "regex_rewrite"));
        if (header.getHeaderName().equals(CERTIFICATE) && header.getRegexRewrite().equals(ITS_URI)) return new PeerIdentity();
        if (header.hasRegexRewrite()) reading.at("regex_rewrite").problem("is set (expected: absent, but for the URI of " + CERTIFICATE + ")");
        return reading.check(() -> new Header(header.getHeaderName()));
    }

    private static By cookie(io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.Cookie cookie, Reading reading) {
        reading.only(cookie, Set.of("name", "ttl", "path"));
        Optional<Duration> ttl = cookie.hasTtl()
            ? Optional.ofNullable(reading.at("ttl").duration(cookie.getTtl(), Duration.ZERO)) : Optional.empty();
        // An Envoy ignores the path of a cookie that it never gives.
        return reading.check(() -> new Cookie(cookie.getName(), ttl, ttl.isPresent() ? cookie.getPath() : ""));
    }

    /** All that an Envoy knows of a connection. */
    static io.envoyproxy.envoy.type.v3.HashPolicy ofConnections() {
        return io.envoyproxy.envoy.type.v3.HashPolicy.newBuilder().setSourceIp(SourceIp.getDefaultInstance()).build();
    }

    /** What it does not know. */
    static void encode(By ofConnections, ListenerPolicy.Builder ours) {
        if (ofConnections instanceof PeerIdentity) ours.setHashBy(ofConnections.text());
    }

    static Optional<By> decode(TcpProxy proxy, ListenerPolicy ours, Reading reading) {
        if (proxy.getHashPolicyCount() == 0) return Optional.empty();
        if (proxy.getHashPolicyCount() > 1 || !proxy.getHashPolicy(0).hasSourceIp()) {
            reading.at("hash_policy").problem("is not one source_ip (expected: that, or none)");
        }
        return Optional.of(ours.getHashBy().isEmpty() ? new SourceAddress() : new PeerIdentity());
    }
}
