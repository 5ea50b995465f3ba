package mesh.model;

import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;
import mesh.model.Route.PathMatch;

/**
 * Routes that no request can reach, because an earlier one of their virtual host takes all that they would match. What is told is true: it is
 * found where one route alone covers another; what only several together cover, or expressions in ways that take more than a look, is not.
 */
public final class Coverage {

    /**
     * A route that is never reached.
     *
     * @param by the first that takes all of its requests
     */
    public record Covered(VirtualHost host, Route route, Route by) {

        public String message() {
            return "never matches: route \"" + by.name() + "\" before it takes all of its requests";
        }
    }

    /** What a table may cost, in comparisons: with ten thousand routes in one host a quarter of a second. */
    private static final long MOST_WORK = 50_000_000;
    private static final int REGEX_WORK = 1_000;
    private static final String EVERYTHING = ".*", EVERY_PATH = "/.*";

    private long work;

    private Coverage() {}

    /** In the order of the table. Of a table that is too large to be looked through, as many as were found. */
    public static List<Covered> of(RouteTable table) {
        Coverage coverage = new Coverage();
        List<Covered> found = new ArrayList<>();
        for (VirtualHost host : table.listed().virtualHosts()) coverage.find(host, found);
        return found;
    }

    /** As {@code routes.<table>.<host>.<route>}, the place by which the model's problems are told. */
    public static List<Problem> problems(RouteTable table) {
        return of(table).stream().map(each -> new Problem(place(table.name(), each.host().name(), each.route().name()), each.message())).toList();
    }

    public static String place(String table, String host, String route) {
        return "routes." + table + "." + host + "." + route;
    }

    private void find(VirtualHost host, List<Covered> found) {
        List<Route> routes = host.routes();
        for (int i = 1; i < routes.size(); i++) {
            for (int before = 0; before < i && work < MOST_WORK; before++) {
                if (covers(routes.get(before), routes.get(i))) {
                    found.add(new Covered(host, routes.get(i), routes.get(before)));
                    break;
                }
            }
        }
    }

    private boolean covers(Route earlier, Route later) {
        work++;
        return earlier.conditions().isImpliedBy(later.conditions()) && covers(earlier.match(), later.match());
    }

    private boolean covers(PathMatch earlier, PathMatch later) {
        if (earlier.equals(later)) return true;
        if (earlier instanceof Route.Prefix prefix) return begins(later, prefix.prefix());
        if (earlier instanceof Route.SegmentPrefix segments) {
            return later instanceof Route.Exact exact && exact.path().equals(segments.prefix())
                || later instanceof Route.SegmentPrefix longer && longer.prefix().startsWith(segments.prefix() + "/")
                || !(later instanceof Route.SegmentPrefix) && begins(later, segments.prefix() + "/");
        }
        return earlier instanceof Route.Regex regex && covers(regex.regex(), later);
    }

    private boolean covers(String regex, PathMatch later) {
        if (regex.equals(EVERYTHING)) return true;
        if (regex.equals(EVERY_PATH)) return begins(later, "/");
        if (!(later instanceof Route.Exact exact)) return false;
        work += REGEX_WORK;
        return Pattern.matches(regex, exact.path());
    }

    /** Whether every path that matches begins so. */
    private boolean begins(PathMatch match, String prefix) {
        if (match instanceof Route.Exact exact) return exact.path().startsWith(prefix);
        if (match instanceof Route.Prefix longer) return longer.prefix().startsWith(prefix);
        if (match instanceof Route.SegmentPrefix segments) return segments.prefix().startsWith(prefix);
        // Requests have a path that begins with a slash, or "*".
        work += REGEX_WORK;
        String regex = ((Route.Regex) match).regex();
        return prefix.equals("/") ? !Pattern.matches(regex, "*") : literalBeginning(regex).startsWith(prefix);
    }

    /** What every match of the expression begins with, as far as that is plain to see. */
    private static String literalBeginning(String regex) {
        if (regex.indexOf('|') >= 0) return "";
        int end = 0;
        while (end < regex.length() && (Character.isLetterOrDigit(regex.charAt(end)) || "/_-~%".indexOf(regex.charAt(end)) >= 0)) end++;
        boolean counted = end < regex.length() && "*?+{".indexOf(regex.charAt(end)) >= 0;
        return regex.substring(0, counted && end > 0 ? end - 1 : end);
    }
}
