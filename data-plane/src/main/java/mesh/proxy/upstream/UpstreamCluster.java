package mesh.proxy.upstream;

import java.util.List;
import mesh.model.Cluster;
import mesh.proxy.balancer.Levels;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.telemetry.ProxyMetrics;

/**
 * A cluster as one configuration describes it, ready to be used: everything a request needs is a field. Any event loop.
 *
 * @param model        what was configured
 * @param destinations in configured order
 * @param balancer     chooses among exactly these
 * @param health       counts the changes of their health; the same through configurations
 * @param load         what it is carrying; the same through configurations
 * @param outliers     ejects those that do badly; null for none, else the same through configurations as long as the policy is
 * @param budget       of its retries; the same through configurations
 * @param meter        of requests that are counted under its name
 */
public record UpstreamCluster(
    Cluster model,
    List<Destination> destinations,
    Levels<Destination> balancer,
    HealthChanges health,
    ClusterLoad load,
    OutlierDetector outliers,
    RetryBudget budget,
    ProxyMetrics.ServiceMeter meter) {

    /** Its configuration has come into force: from now on the outliers are looked for among exactly its endpoints, on that loop. */
    public void watch(ProxyLoop loop) {
        outliers.follow(destinations.stream().map(Destination::outlier).toList());
        if (!outliers.isBegun()) outliers.begin(loop);
    }

    public String name() {
        return model.name();
    }
}
