package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.RateLimitDescriptor;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.envoyproxy.envoy.type.v3.FractionalPercent.DenominatorType;
import io.envoyproxy.envoy.type.v3.TokenBucket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import mesh.model.RateLimit;
import mesh.model.RateLimit.ClientAddress;
import mesh.model.RateLimit.Everyone;
import mesh.model.RateLimit.Header;
import mesh.model.RateLimit.Key;
import mesh.model.RateLimit.PeerIdentity;

/**
 * Rate limits as Envoy's {@code LocalRateLimit}: the bucket of requests without a key is its own token bucket, and those by key are one
 * descriptor whose value is left open. All that is read back is what stands here; anything else that Envoy could do is refused.
 */
final class RateLimits {

    /** The http filter that routes configure; a listener's own limit is another instance of it. */
    static final String FILTER = "envoy.filters.http.local_ratelimit";
    static final String LISTENER_FILTER = "mesh.listener_rate_limit";

    private static final String STAT_PREFIX = "mesh";
    /** The name of the only entry of a key's descriptor. An Envoy's own action for addresses names its entry itself. */
    private static final String ENTRY = "client", ADDRESS_ENTRY = "remote_address";
    /** In the Common Expression Language, which Envoy asks about connections. */
    private static final String PEER = "connection.uri_san_peer_certificate";
    private static final String PEER_EXTENSION = "envoy.rate_limit_descriptors.expr";

    private static final Set<String> FIELDS = Set.of("stat_prefix", "token_bucket", "filter_enabled", "filter_enforced", "descriptors",
        "rate_limits", "always_consume_default_token_bucket", "rate_limited_as_resource_exhausted", "max_dynamic_descriptors");

    private RateLimits() {}

    /** The filter with nothing to do, for routes to configure. */
    static LocalRateLimit idle() {
        return LocalRateLimit.newBuilder().setStatPrefix(STAT_PREFIX).build();
    }

    static boolean isIdle(LocalRateLimit message) {
        return message.equals(message.toBuilder().clear().setStatPrefix(message.getStatPrefix()).build());
    }

    static LocalRateLimit encode(RateLimit limit) {
        LocalRateLimit.Builder message = idle().toBuilder()
            .setTokenBucket(bucket(limit))
            .setFilterEnabled(percent(100))
            .setFilterEnforced(percent(limit.shadow() ? 0 : 100))
            .setRateLimitedAsResourceExhausted(true)
            .setMaxDynamicDescriptors(UInt32Value.of(limit.keys()));
        if (limit.key() instanceof Everyone) {
            return message.build();
        }
        String entry = limit.key() instanceof ClientAddress ? ADDRESS_ENTRY : ENTRY;
        return message
            .addDescriptors(LocalRateLimitDescriptor.newBuilder()
                .addEntries(RateLimitDescriptor.Entry.newBuilder().setKey(entry))
                .setTokenBucket(bucket(limit)))
            .addRateLimits(io.envoyproxy.envoy.config.route.v3.RateLimit.newBuilder().addActions(action(limit.key())))
            .setAlwaysConsumeDefaultTokenBucket(BoolValue.of(false))
            .build();
    }

    private static TokenBucket bucket(RateLimit limit) {
        return TokenBucket.newBuilder()
            .setMaxTokens(limit.burst())
            .setTokensPerFill(UInt32Value.of(limit.requests()))
            .setFillInterval(Wire.duration(limit.per()))
            .build();
    }

    private static RuntimeFractionalPercent percent(int percent) {
        return RuntimeFractionalPercent.newBuilder()
            .setDefaultValue(FractionalPercent.newBuilder().setNumerator(percent).setDenominator(DenominatorType.HUNDRED))
            .build();
    }

    private static Action action(Key key) {
        if (key instanceof Header header) {
            return Action.newBuilder().setRequestHeaders(Action.RequestHeaders.newBuilder()
                .setHeaderName(header.name()).setDescriptorKey(ENTRY)).build();
        }
        if (key instanceof ClientAddress) {
            return Action.newBuilder().setRemoteAddress(Action.RemoteAddress.getDefaultInstance()).build();
        }
        return Action.newBuilder().setExtension(TypedExtensionConfig.newBuilder().setName(PEER_EXTENSION)
            .setTypedConfig(Wire.pack(Descriptor.newBuilder().setDescriptorKey(ENTRY).setSkipIfError(true).setText(PEER).build()))).build();
    }

    /** Null when problems were noted. */
    static RateLimit decode(Any config, Reading reading) {
        LocalRateLimit message = reading.unpack(config, LocalRateLimit.class);
        return message == null ? null : decode(message, reading);
    }

    static RateLimit decode(LocalRateLimit message, Reading reading) {
        reading.only(message, FIELDS);
        TokenBucket bucket = message.getTokenBucket();
        Reading at = reading.at("token_bucket");
        Duration per = at.at("fill_interval").duration(bucket.getFillInterval(), RateLimit.DEFAULT_PER);
        int requests = bucket.hasTokensPerFill() ? bucket.getTokensPerFill().getValue() : 1;
        int keys = message.hasMaxDynamicDescriptors() ? message.getMaxDynamicDescriptors().getValue() : RateLimit.DEFAULT_KEYS;
        if (percent(message.getFilterEnabled(), reading.at("filter_enabled")) != 100) {
            reading.at("filter_enabled").problem("is not 100 percent (expected: all requests or no limit at all)");
        }
        int enforced = percent(message.getFilterEnforced(), reading.at("filter_enforced"));
        Key key = key(message, reading);
        return key == null ? null
            : at.check(() -> new RateLimit(requests, per, bucket.getMaxTokens(), key, keys, enforced == 0));
    }

    /** 0 or 100; anything between is noted. */
    private static int percent(RuntimeFractionalPercent fraction, Reading reading) {
        FractionalPercent value = fraction.getDefaultValue();
        boolean whole = value.getDenominator() == DenominatorType.HUNDRED && (value.getNumerator() == 0 || value.getNumerator() == 100);
        if (!whole || !fraction.getRuntimeKey().isEmpty()) {
            reading.problem("is a share of the requests (expected: 0 or 100 percent)");
        }
        return value.getNumerator();
    }

    private static Key key(LocalRateLimit message, Reading reading) {
        if (message.getDescriptorsCount() == 0 && message.getRateLimitsCount() == 0) {
            return new Everyone();
        }
        for (Key each : new Key[] {new ClientAddress(), new PeerIdentity(), header(message)}) {
            if (each != null && isBy(each, message)) {
                return each;
            }
        }
        reading.at("descriptors").problem("are not one per client (expected: a single entry without a value, by address, header or peer, and"
            + " the bucket of all)");
        return null;
    }

    private static boolean isBy(Key key, LocalRateLimit message) {
        String entry = key instanceof ClientAddress ? ADDRESS_ENTRY : ENTRY;
        var descriptor = LocalRateLimitDescriptor.newBuilder()
            .addEntries(RateLimitDescriptor.Entry.newBuilder().setKey(entry)).setTokenBucket(message.getTokenBucket()).build();
        var rate = io.envoyproxy.envoy.config.route.v3.RateLimit.newBuilder().addActions(action(key)).build();
        return message.getDescriptorsList().equals(List.of(descriptor)) && message.getRateLimitsList().equals(List.of(rate))
            && message.hasAlwaysConsumeDefaultTokenBucket() && !message.getAlwaysConsumeDefaultTokenBucket().getValue();
    }

    /** The header that the only action names, null if it does not. */
    private static Key header(LocalRateLimit message) {
        if (message.getRateLimitsCount() != 1 || message.getRateLimits(0).getActionsCount() != 1) {
            return null;
        }
        try {
            return new Header(message.getRateLimits(0).getActions(0).getRequestHeaders().getHeaderName());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
