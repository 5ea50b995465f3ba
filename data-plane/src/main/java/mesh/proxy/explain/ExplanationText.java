package mesh.proxy.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.proxy.explain.Explanation.ClusterView;
import mesh.proxy.explain.Explanation.EndpointView;
import mesh.proxy.explain.Explanation.HostView;
import mesh.proxy.explain.Explanation.PassedByView;
import mesh.proxy.explain.Explanation.RouteView;
import mesh.proxy.explain.Explanation.Setting;

/** An explanation to be read in a terminal: what becomes of the request, the way to its route, what holds for it there, where it goes. */
public final class ExplanationText {

    private static final String GAP = "  ";
    /** Of the routes that have another path, which a large table has by the thousand. */
    private static final int MOST_OTHER_PATHS = 20;

    private final StringBuilder text = new StringBuilder();

    private ExplanationText() {}

    public static String of(Explanation told) {
        ExplanationText shown = new ExplanationText();
        shown.text.append(told.request()).append('\n').append(GAP).append("-> ").append(told.outcome().sentence()).append("\n\n");
        shown.way(told);
        if (told.route().isPresent() && !told.route().get().settings().isEmpty()) {
            shown.text.append('\n');
            shown.settings(told.route().get().settings());
        }
        told.clusters().forEach(shown::cluster);
        return shown.text.append("\nconfiguration: ").append(told.configuration()).append('\n').toString();
    }

    private void way(Explanation told) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("listener", told.listener().name(),
            told.listener().protocol() + " on " + told.listener().address() + ", clients: " + told.listener().clients()));
        for (HostView host : told.virtualHost().stream().toList()) rows.add(List.of("virtual host", host.name(), "by " + host.matchedBy()));
        passedBy(rows, told.passedBy());
        for (RouteView route : told.route().stream().toList()) rows.add(List.of("route", route.name(), route.match() + at(route.at())));
        table(rows);
    }

    private static void passedBy(List<List<String>> rows, List<PassedByView> routes) {
        int otherPaths = 0;
        for (PassedByView each : routes) {
            if (each.subject().equals("path") && ++otherPaths > MOST_OTHER_PATHS) continue;
            rows.add(List.of(rows.get(rows.size() - 1).get(0).equals("virtual host") ? "not" : "", each.name(),
                each.subject() + ": " + each.found() + " (expected: " + each.expected() + ")" + at(each.at())));
        }
        if (otherPaths > MOST_OTHER_PATHS) rows.add(List.of("", "...", "and " + (otherPaths - MOST_OTHER_PATHS) + " more of other paths (all of them: -o json)"));
    }

    private static String at(Optional<String> place) {
        return place.map(at -> GAP + at).orElse("");
    }

    private void settings(List<Setting> settings) {
        List<List<String>> rows = new ArrayList<>();
        String last = "";
        for (Setting each : settings) {
            rows.add(List.of(each.name().equals(last) ? "" : each.name(), each.value()));
            last = each.name();
        }
        table(rows);
    }

    private void cluster(ClusterView cluster) {
        text.append("\ncluster ").append(cluster.name()).append(cluster.share().map(share -> ", " + share).orElse("")).append(", ")
            .append(cluster.balancer()).append('\n');
        settings(cluster.settings());
        if (cluster.endpoints().isEmpty()) {
            text.append(GAP).append("no endpoints\n");
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("ENDPOINT", "WEIGHT", "HEALTH", "CIRCUIT", "IN FLIGHT", "IDENTITY"));
        for (EndpointView each : cluster.endpoints()) {
            rows.add(List.of(each.address(), Integer.toString(each.weight()), each.health(), each.circuit(), Integer.toString(each.inFlight()), each.identity()));
        }
        table(rows);
        if (cluster.endpoints().stream().noneMatch(EndpointView::usable)) text.append(GAP).append("none of them may get a request now: 503 UH\n");
    }

    /** Columns as wide as their widest cell, but the last. */
    private void table(List<List<String>> rows) {
        int[] width = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int i = 0; i < width.length; i++) width[i] = Math.max(width[i], row.get(i).length());
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(GAP);
            for (int i = 0; i < width.length; i++) line.append(row.get(i)).append(" ".repeat(width[i] - row.get(i).length() + GAP.length()));
            text.append(line.toString().stripTrailing()).append('\n');
        }
    }
}
