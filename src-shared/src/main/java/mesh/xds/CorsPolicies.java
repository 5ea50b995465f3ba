package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.CorsPolicy.Exact;
import mesh.model.CorsPolicy.Origin;
import mesh.model.CorsPolicy.Prefix;
import mesh.model.CorsPolicy.Regex;

/** CORS as the configuration of Envoy's filter for it, which stands in every listener with nothing to do until a route configures it. */
final class CorsPolicies {

    static final String FILTER = "envoy.filters.http.cors";

    private static final Set<String> FIELDS =
        Set.of("allow_origin_string_match", "allow_methods", "allow_headers", "expose_headers", "max_age", "allow_credentials");

    private CorsPolicies() {}

    static CorsPolicy encode(mesh.model.CorsPolicy policy) {
        CorsPolicy.Builder message = CorsPolicy.newBuilder()
            .setAllowMethods(String.join(",", policy.allowMethods()))
            .setAllowHeaders(String.join(",", policy.allowHeaders()))
            .setExposeHeaders(String.join(",", policy.exposeHeaders()))
            .setAllowCredentials(BoolValue.of(policy.allowCredentials()));
        policy.allowOrigins().forEach(origin -> message.addAllowOriginStringMatch(matcher(origin)));
        policy.maxAge().ifPresent(age -> message.setMaxAge(Long.toString(age.toSeconds())));
        return message.build();
    }

    private static StringMatcher matcher(Origin origin) {
        if (origin instanceof Exact exact) return StringMatcher.newBuilder().setExact(exact.origin()).build();
        if (origin instanceof Prefix prefix) return StringMatcher.newBuilder().setPrefix(prefix.prefix()).build();
        return StringMatcher.newBuilder().setSafeRegex(RegexMatcher.newBuilder().setRegex(((Regex) origin).regex())).build();
    }

    /** Null when problems were noted. */
    static mesh.model.CorsPolicy decode(Any config, Reading reading) {
        CorsPolicy message = reading.unpack(config, CorsPolicy.class);
        if (message == null) return null;
        reading.only(message, FIELDS);
        List<Origin> origins = new ArrayList<>();
        for (int i = 0; i < message.getAllowOriginStringMatchCount(); i++) {
            Origin origin = origin(message.getAllowOriginStringMatch(i), reading.at("allow_origin_string_match", i));
            if (origin != null) origins.add(origin);
        }
        if (origins.size() < message.getAllowOriginStringMatchCount()) return null;
        Optional<Duration> maxAge = message.getMaxAge().isEmpty() ? Optional.empty() : maxAge(message.getMaxAge(), reading.at("max_age"));
        return reading.check(() -> new mesh.model.CorsPolicy(origins, list(message.getAllowMethods()), list(message.getAllowHeaders()),
            list(message.getExposeHeaders()), maxAge, message.getAllowCredentials().getValue()));
    }

    private static Origin origin(StringMatcher matcher, Reading reading) {
        reading.only(matcher, Set.of("exact", "prefix", "safe_regex"));
        if (matcher.hasSafeRegex()) {
            reading.at("safe_regex").only(matcher.getSafeRegex(), Set.of("regex", "google_re2"));
            return reading.check(() -> new Regex(matcher.getSafeRegex().getRegex()));
        }
        return reading.check(() -> matcher.hasPrefix() ? new Prefix(matcher.getPrefix()) : new Exact(matcher.getExact()));
    }

    private static Optional<Duration> maxAge(String seconds, Reading reading) {
        if (seconds.matches("[0-9]{1,9}")) return Optional.of(Duration.ofSeconds(Long.parseLong(seconds)));
        reading.unexpected(seconds, "a number of seconds");
        return Optional.empty();
    }

    private static List<String> list(String text) {
        return Arrays.stream(text.split(",")).map(String::strip).filter(each -> !each.isEmpty()).toList();
    }
}
