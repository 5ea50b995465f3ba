package mesh.control.up;

import java.io.PrintWriter;
import java.util.Map;

/** What happened, and what there is to try. */
final class Report {

    private static final int BAR = 30;

    private Report() {}

    static void traffic(PrintWriter out, TrafficCheck requests, TrafficCheck calls) {
        out.println();
        out.println("you ──HTTP──▶ [sidecar] web ──HTTP──▶ [sidecar] ══mTLS══▶ [sidecar] payments");
        out.println();
        table(out, "requests", requests);
        out.println();
        out.println("                        web ──gRPC──▶ [sidecar] ══mTLS══▶ [sidecar] payments");
        out.println();
        table(out, "gRPC calls on one connection", calls);
        out.println();
        out.flush();
    }

    private static void table(PrintWriter out, String what, TrafficCheck check) {
        out.printf("%d of %d %s answered%n", check.requests() - check.failures().size(), check.requests(), what);
        check.callers().forEach((id, count) -> out.printf("  payments was called by %s (%d times, proved by its certificate)%n", id.isEmpty() ? "nobody it could name" : id, count));
        for (Map.Entry<String, Integer> each : check.instances().entrySet()) {
            int share = each.getValue();
            out.printf("  %-11s weight %d  %3d  %s%n", each.getKey(), ExampleConfig.WEIGHTS.getOrDefault(each.getKey(), 0), share,
                "█".repeat(share * BAR / check.requests()));
        }
    }

    static void whatToTry(PrintWriter out, LocalMesh mesh) {
        out.printf("  a request    curl http://%s/pay%n", mesh.webIn());
        for (LocalMesh.Instance each : mesh.instances()) {
            out.printf("  %-12s http://%s/   metrics http://%s/metrics%n", each.node(), each.admin(), each.metrics());
        }
        out.printf("  control      metrics http://%s/metrics%n%n", mesh.controlPlaneMetrics());
        out.printf("  grpcurl -plaintext %s list%n", mesh.plaintext());
        out.printf("  grpcurl -plaintext %s mesh.v1.AdminService/GetConfig%n", mesh.plaintext());
        out.printf("  grpcurl -plaintext %s mesh.v1.AdminService/ListSidecars%n%n", mesh.plaintext());
        out.println("Ctrl-C ends everything.");
        out.flush();
    }
}
