package mesh.xds;

import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction.RedirectResponseCode;
import java.util.Optional;
import java.util.Set;
import mesh.model.PathRewrite;
import mesh.model.Route.PathMatch;
import mesh.model.Route.Redirect;

/** Redirects as Envoy's {@code RedirectAction}. */
final class Redirects {

    private static final Set<String> FIELDS = Set.of("https_redirect", "scheme_redirect", "host_redirect", "port_redirect", "path_redirect",
        "prefix_rewrite", "regex_rewrite", "response_code", "strip_query");

    private Redirects() {}

    static RedirectAction encode(Redirect redirect, PathMatch match) {
        RedirectAction.Builder message = RedirectAction.newBuilder()
            .setPortRedirect(redirect.port())
            .setResponseCode(code(redirect.status()))
            .setStripQuery(!redirect.query());
        redirect.scheme().ifPresent(message::setSchemeRedirect);
        redirect.host().ifPresent(message::setHostRedirect);
        redirect.path().ifPresent(path -> {
            String prefix = PathRewrites.prefix(path, match);
            if (path instanceof PathRewrite.Full full) message.setPathRedirect(full.path());
            else if (prefix != null) message.setPrefixRewrite(prefix);
            else message.setRegexRewrite(PathRewrites.regex(path, match));
        });
        return message.build();
    }

    private static RedirectResponseCode code(int status) {
        return switch (status) {
            case 302 -> RedirectResponseCode.FOUND;
            case 303 -> RedirectResponseCode.SEE_OTHER;
            case 307 -> RedirectResponseCode.TEMPORARY_REDIRECT;
            case 308 -> RedirectResponseCode.PERMANENT_REDIRECT;
            default -> RedirectResponseCode.MOVED_PERMANENTLY;
        };
    }

    /** Null when problems were noted. */
    static Redirect decode(RedirectAction message, PathMatch match, Reading reading) {
        reading.only(message, FIELDS);
        int status = switch (message.getResponseCode()) {
            case MOVED_PERMANENTLY -> 301;
            case FOUND -> 302;
            case SEE_OTHER -> 303;
            case TEMPORARY_REDIRECT -> 307;
            case PERMANENT_REDIRECT -> 308;
            default -> message.getResponseCodeValue();
        };
        String scheme = message.getHttpsRedirect() ? "https" : message.getSchemeRedirect();
        PathRewrite path = switch (message.getPathRewriteSpecifierCase()) {
            case PATH_REDIRECT -> reading.at("path_redirect").check(() -> new PathRewrite.Full(message.getPathRedirect()));
            case PREFIX_REWRITE -> PathRewrites.decodePrefix(message.getPrefixRewrite(), match, reading.at("prefix_rewrite"));
            case REGEX_REWRITE -> PathRewrites.decodeRegex(message.getRegexRewrite(), match, reading.at("regex_rewrite"));
            case PATHREWRITESPECIFIER_NOT_SET -> null;
        };
        return reading.check(() -> new Redirect(some(scheme), some(message.getHostRedirect()), message.getPortRedirect(), Optional.ofNullable(path),
            status, !message.getStripQuery()));
    }

    private static Optional<String> some(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
