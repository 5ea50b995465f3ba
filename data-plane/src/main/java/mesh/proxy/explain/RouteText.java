package mesh.proxy.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import mesh.model.FaultPolicy;
import mesh.model.RequestMatch;
import mesh.model.Route;

/** Parts of a route in words. */
final class RouteText {

    private RouteText() {}

    /** All that it asks for. */
    static String match(Route route) {
        List<String> parts = new ArrayList<>();
        parts.add(route.match().describe());
        RequestMatch asked = route.conditions();
        if (!asked.methods().isEmpty()) parts.add("method " + String.join(" or ", asked.methods()));
        if (asked.grpc()) parts.add("gRPC");
        asked.headers().forEach(each -> parts.add("header " + each.name() + " " + each.describe()));
        asked.queryParams().forEach(each -> parts.add("query parameter " + each.name() + " " + each.describe()));
        return String.join(", ", parts);
    }

    static String share(Route.WeightedCluster of, Route.ToWeightedClusters all) {
        long sum = all.clusters().stream().mapToLong(Route.WeightedCluster::weight).sum();
        return percent(100.0 * of.weight() / sum);
    }

    static String status(FaultPolicy.Status status) {
        return status instanceof FaultPolicy.Http http ? Integer.toString(http.status()) : "grpc-status " + ((FaultPolicy.Grpc) status).status();
    }

    /** With a digit behind the point where it needs one. */
    static String percent(double percent) {
        return percent == Math.rint(percent) ? "%.0f %%".formatted(percent) : String.format(Locale.ROOT, "%.4f", percent).replaceAll("0+$", "") + " %";
    }
}
