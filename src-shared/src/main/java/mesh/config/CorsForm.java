package mesh.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.CorsPolicy;

/** {@code cors} of a route. */
final class CorsForm {

    private CorsForm() {}

    /** Null after a finding. */
    static CorsPolicy read(Section s) {
        s.atLeastOne("allowOrigins", "https://shop.example");
        List<CorsPolicy.Origin> origins = s.texts("allowOrigins", CorsPolicy.Origin::parse);
        List<String> methods = s.texts("allowMethods", text -> text);
        List<String> headers = s.texts("allowHeaders", text -> text);
        List<String> expose = s.texts("exposeHeaders", text -> text);
        Optional<Duration> maxAge = Optional.ofNullable(s.duration("maxAge", null, true));
        boolean credentials = Boolean.TRUE.equals(s.flag("allowCredentials", false));
        s.end();
        return s.make(() -> new CorsPolicy(origins, methods, headers, expose, maxAge, credentials));
    }
}
