package mesh.xds;

import io.envoyproxy.envoy.config.rbac.v3.Permission;
import io.envoyproxy.envoy.config.rbac.v3.Policy;
import io.envoyproxy.envoy.config.rbac.v3.Principal;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.type.matcher.v3.PathMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import mesh.model.AccessPolicy;
import mesh.model.AccessPolicy.Action;
import mesh.model.HeaderMatch;
import mesh.model.PeerMatch;
import mesh.model.Route;
import mesh.model.Route.PathMatch;

/**
 * Authorization as Envoy's RBAC filter, once for what denies and once for what allows; what is only told are its shadow rules. All that is
 * read back is what stands here.
 */
final class AccessPolicies {

    private static final String DENY = "mesh.authorization_deny", ALLOW = "mesh.authorization_allow";
    private static final String NAMESPACE_BEFORE = "spiffe://[^/]+/ns/", NAMESPACE_AFTER = "/.*";

    private AccessPolicies() {}

    /** In front of all other filters. */
    static void encode(List<AccessPolicy> policies, HttpConnectionManager.Builder manager) {
        for (Action action : Action.values()) {
            RBAC.Builder filter = RBAC.newBuilder();
            for (boolean dryRun : new boolean[] {false, true}) {
                io.envoyproxy.envoy.config.rbac.v3.RBAC.Builder rules = io.envoyproxy.envoy.config.rbac.v3.RBAC.newBuilder()
                    .setAction(io.envoyproxy.envoy.config.rbac.v3.RBAC.Action.valueOf(action.name()));
                policies.stream().filter(each -> each.action() == action && each.dryRun() == dryRun)
                    .forEach(each -> rules.putPolicies(each.name(), policy(each)));
                if (rules.getPoliciesCount() == 0) continue;
                if (dryRun) filter.setShadowRules(rules);
                else filter.setRules(rules);
            }
            if (!filter.hasRules() && !filter.hasShadowRules()) continue;
            manager.addHttpFilters(HttpFilter.newBuilder().setName(action == Action.DENY ? DENY : ALLOW).setTypedConfig(Wire.pack(filter.build())));
        }
    }

    private static Policy policy(AccessPolicy policy) {
        Permission.Set.Builder and = Permission.Set.newBuilder();
        if (!policy.paths().isEmpty()) {
            Permission.Set.Builder any = Permission.Set.newBuilder();
            policy.paths().forEach(path -> any.addRules(Permission.newBuilder().setUrlPath(PathMatcher.newBuilder().setPath(text(path)))));
            and.addRules(Permission.newBuilder().setOrRules(any));
        }
        if (!policy.methods().isEmpty()) {
            and.addRules(Permission.newBuilder().setHeader(HeaderMatcher.newBuilder().setName(RouteMatches.METHOD)
                .setStringMatch(RouteMatches.methods(policy.methods()))));
        }
        policy.headers().forEach(header -> and.addRules(Permission.newBuilder().setHeader(RouteMatches.header(header))));
        Policy.Builder message = Policy.newBuilder()
            .addPermissions(and.getRulesCount() == 0 ? Permission.newBuilder().setAny(true) : Permission.newBuilder().setAndRules(and));
        if (policy.from().isEmpty()) message.addPrincipals(Principal.newBuilder().setAny(true));
        policy.from().forEach(peer -> message.addPrincipals(Principal.newBuilder().setAuthenticated(principal(peer))));
        return message.build();
    }

    private static StringMatcher text(PathMatch path) {
        return path instanceof Route.Prefix prefix ? StringMatcher.newBuilder().setPrefix(prefix.prefix()).build()
            : StringMatcher.newBuilder().setExact(((Route.Exact) path).path()).build();
    }

    private static Principal.Authenticated principal(PeerMatch peer) {
        Principal.Authenticated.Builder message = Principal.Authenticated.newBuilder();
        if (peer instanceof PeerMatch.Exactly exactly) message.getPrincipalNameBuilder().setExact(exactly.text());
        else if (peer instanceof PeerMatch.Below below) message.getPrincipalNameBuilder().setPrefix(below.trustDomain().uri() + below.path());
        else if (peer instanceof PeerMatch.Namespace namespace) {
            message.getPrincipalNameBuilder().setSafeRegex(RouteMatches.regex(NAMESPACE_BEFORE + namespace.name() + NAMESPACE_AFTER));
        }
        return message.build();
    }

    static List<AccessPolicy> decode(HttpConnectionManager manager, Reading reading) {
        List<AccessPolicy> policies = new ArrayList<>();
        for (int i = 0; i < manager.getHttpFiltersCount(); i++) {
            HttpFilter filter = manager.getHttpFilters(i);
            if (!filter.getTypedConfig().is(RBAC.class)) continue;
            Reading at = reading.at("http_filters", i).at("typed_config");
            RBAC rbac = at.unpack(filter.getTypedConfig(), RBAC.class);
            if (rbac == null) continue;
            at.only(rbac, Set.of("rules", "shadow_rules", "rules_stat_prefix", "shadow_rules_stat_prefix"));
            if (rbac.hasRules()) decode(rbac.getRules(), false, policies, at.at("rules"));
            if (rbac.hasShadowRules()) decode(rbac.getShadowRules(), true, policies, at.at("shadow_rules"));
        }
        policies.removeIf(each -> each == null);
        return policies;
    }

    private static void decode(io.envoyproxy.envoy.config.rbac.v3.RBAC rules, boolean dryRun, List<AccessPolicy> to, Reading reading) {
        reading.only(rules, Set.of("action", "policies"));
        Action action = switch (rules.getAction()) {
            case ALLOW -> Action.ALLOW;
            case DENY -> Action.DENY;
            default -> null;
        };
        if (action == null) {
            reading.at("action").unexpected(rules.getActionValue(), "ALLOW or DENY");
            return;
        }
        // Which would allow nothing at all.
        if (rules.getPoliciesCount() == 0) reading.at("policies").problem("has none (expected: at least one)");
        Map<String, Policy> sorted = new TreeMap<>(rules.getPoliciesMap());
        sorted.forEach((name, policy) -> to.add(policy(name, action, dryRun, policy, reading.at("policies." + name))));
    }

    private static AccessPolicy policy(String name, Action action, boolean dryRun, Policy policy, Reading reading) {
        reading.only(policy, Set.of("permissions", "principals"));
        List<PathMatch> paths = new ArrayList<>();
        List<String> methods = new ArrayList<>();
        List<HeaderMatch> headers = new ArrayList<>();
        if (policy.getPermissionsCount() != 1) {
            reading.at("permissions").problem("has " + policy.getPermissionsCount() + " (expected: one, with and_rules)");
            return null;
        }
        permission(policy.getPermissions(0), paths, methods, headers, reading.at("permissions", 0));
        List<PeerMatch> from = new ArrayList<>();
        for (int i = 0; i < policy.getPrincipalsCount(); i++) {
            Principal principal = policy.getPrincipals(i);
            Reading at = reading.at("principals", i);
            if (principal.getAny() && policy.getPrincipalsCount() == 1) break;
            at.only(principal, Set.of("authenticated"));
            from.add(peer(principal.getAuthenticated(), at.at("authenticated")));
        }
        if (headers.contains(null) || paths.contains(null) || from.contains(null)) return null;
        return reading.check(() -> new AccessPolicy(name, action, dryRun, from, paths, methods, headers));
    }

    private static void permission(Permission permission, List<PathMatch> paths, List<String> methods, List<HeaderMatch> headers, Reading reading) {
        if (permission.getAny()) return;
        reading.only(permission, Set.of("and_rules"));
        for (int i = 0; i < permission.getAndRules().getRulesCount(); i++) {
            Permission each = permission.getAndRules().getRules(i);
            Reading at = reading.at("and_rules", i);
            at.only(each, Set.of("or_rules", "url_path", "header"));
            if (each.hasHeader() && each.getHeader().getName().equals(RouteMatches.METHOD) && methods.isEmpty()) {
                methods.addAll(RouteMatches.decodeMethods(each.getHeader(), at.at("header")));
            } else if (each.hasHeader() && !each.getHeader().getName().startsWith(":")) {
                headers.add(RouteMatches.decodeHeader(each.getHeader(), at.at("header")));
            } else if (each.hasOrRules() && paths.isEmpty()) {
                each.getOrRules().getRulesList().forEach(rule -> paths.add(path(rule, at.at("or_rules"))));
            } else {
                at.problem("is nothing that is understood here (expected: or_rules of url_path, once, and header)");
            }
        }
    }

    private static PathMatch path(Permission rule, Reading reading) {
        reading.only(rule, Set.of("url_path"));
        StringMatcher path = rule.getUrlPath().getPath();
        reading.at("url_path").only(path, Set.of("exact", "prefix"));
        return path.hasPrefix() ? reading.check(() -> new Route.Prefix(path.getPrefix())) : reading.check(() -> new Route.Exact(path.getExact()));
    }

    private static PeerMatch peer(Principal.Authenticated authenticated, Reading reading) {
        if (!authenticated.hasPrincipalName()) return new PeerMatch.Anyone();
        StringMatcher name = authenticated.getPrincipalName();
        Reading at = reading.at("principal_name");
        at.only(name, Set.of("exact", "prefix", "safe_regex"));
        String regex = name.getSafeRegex().getRegex();
        return at.check(() -> switch (name.getMatchPatternCase()) {
            case PREFIX -> PeerMatch.parse(name.getPrefix() + "*");
            case SAFE_REGEX -> {
                if (!regex.startsWith(NAMESPACE_BEFORE) || !regex.endsWith(NAMESPACE_AFTER)) {
                    throw new IllegalArgumentException("\"" + regex + "\" (expected: " + NAMESPACE_BEFORE + "NAME" + NAMESPACE_AFTER + ")");
                }
                yield new PeerMatch.Namespace(regex.substring(NAMESPACE_BEFORE.length(), regex.length() - NAMESPACE_AFTER.length()));
            }
            default -> PeerMatch.parse(name.getExact());
        });
    }
}
