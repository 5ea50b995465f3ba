package mesh.proxy.route;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import mesh.model.RequestMatch;
import mesh.model.Route;
import mesh.model.VirtualHost;
import mesh.proxy.http.RequestHead;

/**
 * The routes of one virtual host, in the order in which they are tried. Immutable; any event loop.
 *
 * @param <T> what a route leads to
 */
final class HostRoutes<T> {

    /** A route, and what it asks of a request: first of its path. */
    record Rule<T>(Route route, T target, PathCondition path, Condition[] conditions) {

        static <T> Rule<T> of(Route route, T target) {
            List<Condition> conditions = new ArrayList<>();
            RequestMatch asked = route.conditions();
            if (!asked.methods().isEmpty()) conditions.add(new MethodCondition(asked.methods()));
            if (asked.grpc()) conditions.add(new GrpcCondition());
            asked.headers().forEach(each -> conditions.add(new HeaderCondition(each)));
            asked.queryParams().forEach(each -> conditions.add(new QueryCondition(each)));
            return new Rule<>(route, target, new PathCondition(route.match()), conditions.toArray(Condition[]::new));
        }

        /** The first condition that does not hold, or null for none. */
        Condition broken(RequestHead head) {
            if (!path.holds(head)) return path;
            for (Condition each : conditions) {
                if (!each.holds(head)) return each;
            }
            return null;
        }
    }

    private final VirtualHost model;
    private final List<Rule<T>> rules;
    private final PathTree tree;

    HostRoutes(VirtualHost model, Function<Route, T> target) {
        this.model = model;
        this.rules = model.routes().stream().map(route -> Rule.of(route, target.apply(route))).toList();
        List<PathTree.Entry> paths = new ArrayList<>();
        List<PathTree.Entry> expressions = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) addPath(rules.get(i), i, paths, expressions);
        this.tree = new PathTree(paths, expressions);
    }

    private static void addPath(Rule<?> rule, int i, List<PathTree.Entry> paths, List<PathTree.Entry> expressions) {
        byte[] text = rule.path().text();
        boolean sure = rule.conditions().length == 0;
        if (rule.path().isExpression()) {
            expressions.add(new PathTree.Entry(text, false, i, false));
        } else if (rule.path().match() instanceof Route.SegmentPrefix) {
            // By whole segments: the path itself, and those that go on with a slash.
            paths.add(new PathTree.Entry(text, true, i, sure));
            byte[] longer = Arrays.copyOf(text, text.length + 1);
            longer[text.length] = '/';
            paths.add(new PathTree.Entry(longer, false, i, sure));
        } else {
            paths.add(new PathTree.Entry(text, rule.path().match() instanceof Route.Exact, i, sure));
        }
    }

    VirtualHost model() {
        return model;
    }

    List<Rule<T>> rules() {
        return rules;
    }

    /** The first that takes the request, or null for none. */
    Rule<T> find(RequestHead head) {
        PathTree.Candidates candidates = tree.find(head.text(), head.targetStart(), head.targetStart() + head.pathLength());
        int sure = candidates.sure();
        for (int i = candidates.first(); i < sure; i = candidates.next(i + 1)) {
            if (rules.get(i).broken(head) == null) return rules.get(i);
        }
        return sure == PathTree.NONE ? null : rules.get(sure);
    }
}
