package mesh.xds;

import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.model.HeaderMatch;
import mesh.model.QueryMatch;
import mesh.model.RequestMatch;
import mesh.model.Route;
import mesh.model.Route.PathMatch;
import mesh.model.TextMatch;

/** What a route matches, as Envoy's {@code RouteMatch}. Methods are what Envoy knows them as, a header {@code :method}. */
final class RouteMatches {

    static final String METHOD = ":method";
    private static final Set<String> FIELDS =
        Set.of("prefix", "path", "path_separated_prefix", "safe_regex", "case_sensitive", "headers", "query_parameters", "grpc");

    private RouteMatches() {}

    static RouteMatch encode(PathMatch path, RequestMatch conditions) {
        RouteMatch.Builder message = RouteMatch.newBuilder();
        if (path instanceof Route.Exact exact) message.setPath(exact.path());
        else if (path instanceof Route.Prefix prefix) message.setPrefix(prefix.prefix());
        else if (path instanceof Route.SegmentPrefix segments) message.setPathSeparatedPrefix(segments.prefix());
        else if (path instanceof Route.Regex regex) message.setSafeRegex(regex(regex.regex()));
        if (!conditions.methods().isEmpty()) {
            message.addHeaders(HeaderMatcher.newBuilder().setName(METHOD).setStringMatch(methods(conditions.methods())));
        }
        if (conditions.grpc()) message.setGrpc(GrpcRouteMatchOptions.getDefaultInstance());
        conditions.headers().forEach(each -> message.addHeaders(header(each)));
        conditions.queryParams().forEach(each -> message.addQueryParameters(queryParam(each)));
        return message.build();
    }

    static StringMatcher methods(List<String> methods) {
        if (methods.size() == 1) return StringMatcher.newBuilder().setExact(methods.get(0)).build();
        String any = methods.stream().map(com.google.re2j.Pattern::quote).collect(Collectors.joining("|"));
        return StringMatcher.newBuilder().setSafeRegex(regex(any)).build();
    }

    static HeaderMatcher header(HeaderMatch header) {
        HeaderMatcher.Builder message = HeaderMatcher.newBuilder().setName(header.name()).setInvertMatch(header.invert());
        header.value().ifPresentOrElse(value -> message.setStringMatch(text(value)), () -> message.setPresentMatch(true));
        return message.build();
    }

    private static QueryParameterMatcher queryParam(QueryMatch query) {
        QueryParameterMatcher.Builder message = QueryParameterMatcher.newBuilder().setName(query.name());
        query.value().ifPresentOrElse(value -> message.setStringMatch(text(value)), () -> message.setPresentMatch(true));
        return message.build();
    }

    private static StringMatcher text(TextMatch value) {
        StringMatcher.Builder message = StringMatcher.newBuilder();
        if (value instanceof TextMatch.Exact exact) message.setExact(exact.text());
        else if (value instanceof TextMatch.Prefix prefix) message.setPrefix(prefix.text());
        else if (value instanceof TextMatch.Suffix suffix) message.setSuffix(suffix.text());
        else if (value instanceof TextMatch.Contains contains) message.setContains(contains.text());
        else if (value instanceof TextMatch.Regex regex) message.setSafeRegex(regex(regex.regex()));
        return message.build();
    }

    static RegexMatcher regex(String regex) {
        return RegexMatcher.newBuilder().setRegex(regex).build();
    }

    /** Null when problems were noted, as the one below. */
    static PathMatch decodePath(RouteMatch match, Reading reading) {
        if (match.hasCaseSensitive() && !match.getCaseSensitive().getValue()) {
            reading.at("case_sensitive").unexpected(false, "true");
        }
        return switch (match.getPathSpecifierCase()) {
            case PATH -> reading.check(() -> new Route.Exact(match.getPath()));
            case PATH_SEPARATED_PREFIX -> reading.check(() -> new Route.SegmentPrefix(match.getPathSeparatedPrefix()));
            case SAFE_REGEX -> decodeRegex(match.getSafeRegex(), reading.at("safe_regex"));
            default -> reading.check(() -> new Route.Prefix(match.getPrefix()));
        };
    }

    private static PathMatch decodeRegex(RegexMatcher matcher, Reading reading) {
        reading.only(matcher, Set.of("regex", "google_re2"));
        return reading.check(() -> new Route.Regex(matcher.getRegex()));
    }

    static RequestMatch decodeConditions(RouteMatch match, Reading reading) {
        reading.only(match, FIELDS);
        List<String> methods = null;
        List<HeaderMatch> headers = new ArrayList<>();
        for (int i = 0; i < match.getHeadersCount(); i++) {
            HeaderMatcher header = match.getHeaders(i);
            Reading at = reading.at("headers", i);
            if (header.getName().equals(METHOD) && methods == null) methods = decodeMethods(header, at);
            else if (header.getName().startsWith(":")) at.unexpected(header.getName(), "a field's name, or once :method");
            else headers.add(decodeHeader(header, at));
        }
        List<QueryMatch> queryParams = new ArrayList<>();
        for (int i = 0; i < match.getQueryParametersCount(); i++) {
            queryParams.add(decodeQueryParam(match.getQueryParameters(i), reading.at("query_parameters", i)));
        }
        if (headers.contains(null) || queryParams.contains(null)) return null;
        List<String> any = methods == null ? List.of() : methods;
        return reading.check(() -> new RequestMatch(any, match.hasGrpc(), headers, queryParams));
    }

    /** One method, or an expression that is nothing but several of them. */
    static List<String> decodeMethods(HeaderMatcher header, Reading reading) {
        reading.only(header, Set.of("name", "string_match"));
        StringMatcher matcher = header.getStringMatch();
        reading.at("string_match").only(matcher, Set.of("exact", "safe_regex"));
        if (!matcher.hasSafeRegex()) return List.of(matcher.getExact());
        List<String> methods = Arrays.stream(matcher.getSafeRegex().getRegex().split("\\|", -1)).map(each -> each.replace("\\", "")).toList();
        if (!methods(methods).getSafeRegex().getRegex().equals(matcher.getSafeRegex().getRegex())) {
            reading.at("string_match").at("safe_regex").unexpected(matcher.getSafeRegex().getRegex(), "methods with | between them, such as GET|HEAD");
        }
        return methods;
    }

    /** Null when problems were noted, as the ones below. */
    static HeaderMatch decodeHeader(HeaderMatcher header, Reading reading) {
        reading.only(header, Set.of("name", "string_match", "present_match", "invert_match"));
        // With neither, Envoy asks for presence, as with present_match; present_match: false asks for absence.
        boolean absent = header.hasPresentMatch() && !header.getPresentMatch();
        Optional<TextMatch> value = header.hasStringMatch()
            ? Optional.ofNullable(decodeText(header.getStringMatch(), reading.at("string_match"))) : Optional.empty();
        if (header.hasStringMatch() && value.isEmpty()) return null;
        return reading.check(() -> new HeaderMatch(header.getName(), value, header.getInvertMatch() != absent));
    }

    private static QueryMatch decodeQueryParam(QueryParameterMatcher query, Reading reading) {
        reading.only(query, Set.of("name", "string_match", "present_match"));
        if (query.hasPresentMatch() && !query.getPresentMatch()) {
            // Which Envoy has taken for true, and later for absence.
            reading.at("present_match").unexpected(false, "true");
        }
        Optional<TextMatch> value = query.hasStringMatch()
            ? Optional.ofNullable(decodeText(query.getStringMatch(), reading.at("string_match"))) : Optional.empty();
        if (query.hasStringMatch() && value.isEmpty()) return null;
        return reading.check(() -> new QueryMatch(query.getName(), value));
    }

    private static TextMatch decodeText(StringMatcher matcher, Reading reading) {
        reading.only(matcher, Set.of("exact", "prefix", "suffix", "contains", "safe_regex"));
        return switch (matcher.getMatchPatternCase()) {
            case PREFIX -> reading.check(() -> new TextMatch.Prefix(matcher.getPrefix()));
            case SUFFIX -> reading.check(() -> new TextMatch.Suffix(matcher.getSuffix()));
            case CONTAINS -> reading.check(() -> new TextMatch.Contains(matcher.getContains()));
            case SAFE_REGEX -> {
                reading.at("safe_regex").only(matcher.getSafeRegex(), Set.of("regex", "google_re2"));
                yield reading.check(() -> new TextMatch.Regex(matcher.getSafeRegex().getRegex()));
            }
            default -> reading.check(() -> new TextMatch.Exact(matcher.getExact()));
        };
    }
}
