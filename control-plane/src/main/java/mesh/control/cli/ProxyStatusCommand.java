package mesh.control.cli;

import com.google.protobuf.Timestamp;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import mesh.v1.GetSidecarRequest;
import mesh.v1.GetSidecarResponse;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.ListSidecarsResponse;
import mesh.v1.SidecarDetail;
import mesh.v1.SidecarStatus;
import mesh.v1.TypeStatus;
import mesh.xds.ResourceType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh proxy-status}: each sidecar, and whether it has what it should have; or one of them, type by type. */
@Command(
    name = "proxy-status",
    description = "Shows each sidecar, and whether it has the current configuration; or one of them in detail.",
    mixinStandardHelpOptions = true)
final class ProxyStatusCommand implements Runnable {

    @Mixin
    private Client client;

    @Parameters(paramLabel = "NODE", arity = "0..1",
        description = "one that is connected: what it was sent, has acknowledged and would not take of each type, and what it does not do")
    private String node;

    @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
    private Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        if (node == null) {
            all();
        } else {
            one();
        }
        spec.commandLine().getOut().flush();
    }

    private void all() {
        ListSidecarsResponse response = client.call(admin -> admin.listSidecars(ListSidecarsRequest.getDefaultInstance()));
        PrintWriter out = spec.commandLine().getOut();
        if (output == Output.json) {
            out.println(Output.json(response));
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        boolean replicas = response.getSidecarsList().stream().anyMatch(s -> !s.getReplica().isEmpty());
        rows.add(row(replicas, "REPLICA", "NODE", "IDENTITY", "STATE", "ACKNOWLEDGED", "SENT", "CONNECTED SINCE"));
        response.getSidecarsList().forEach(s -> rows.add(row(replicas, s.getReplica(), cells(s))));
        out.print(Output.table(rows));
        response.getSidecarsList().stream().filter(SidecarStatus::hasLastRejection).forEach(s ->
            out.println("\n" + s.getNode() + " rejected version " + s.getLastRejection().getVersion() + " at "
                + time(s.getLastRejection().getAt()) + ": " + s.getLastRejection().getMessage()));
        out.println("\nconfig version " + response.getVersion());
    }

    private void one() {
        GetSidecarResponse response = client.call(admin -> admin.getSidecar(GetSidecarRequest.newBuilder().setNode(node).build()));
        PrintWriter out = spec.commandLine().getOut();
        if (output == Output.json) {
            out.println(Output.json(response));
            return;
        }
        response.getSidecarsList().forEach(sidecar -> tell(sidecar, out));
        out.println("\nconfig version " + response.getVersion());
    }

    private static void tell(SidecarDetail sidecar, PrintWriter out) {
        SidecarStatus status = sidecar.getStatus();
        out.println(status.getNode() + ", workload " + sidecar.getWorkload() + ", " + identity(status) + ", " + sidecar.getKind()
            + (sidecar.getAgent().isEmpty() ? "" : " (" + sidecar.getAgent() + ")") + ", " + state(status) + ", connected since "
            + time(status.getConnectedSince()));
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("TYPE", "STATE", "SENT", "ACKNOWLEDGED", "RESOURCES", "UNKNOWN"));
        sidecar.getTypesList().forEach(type -> rows.add(List.of(name(type.getTypeUrl()),
            !type.getRejection().isEmpty() ? "rejected" : type.getWaits() ? "waiting" : "in sync", Long.toString(type.getSentVersion()),
            Long.toString(type.getAcknowledgedVersion()), Integer.toString(type.getResources()),
            type.getUnknownCount() == 0 ? "-" : String.join(" ", type.getUnknownList()))));
        out.print(Output.table(rows));
        for (TypeStatus type : sidecar.getTypesList()) {
            if (!type.getRejection().isEmpty()) {
                out.println("rejected " + name(type.getTypeUrl()) + ": " + type.getRejection());
            }
        }
        sidecar.getIgnoredList().forEach(each ->
            out.println("ignores " + name(each.getTypeUrl()) + " " + each.getResource() + " " + each.getField() + ": " + each.getEffect()));
    }

    private static String name(String typeUrl) {
        return ResourceType.ofUrl(typeUrl).map(ResourceType::shortName).orElse(typeUrl);
    }

    /** Where there are replicas, theirs is the last column. */
    private static List<String> row(boolean replicas, String replica, String... cells) {
        List<String> row = new ArrayList<>(List.of(cells));
        if (replicas) {
            row.add(replica);
        }
        return row;
    }

    private static String[] cells(SidecarStatus s) {
        return new String[] {s.getNode(), s.getSpiffeId().isEmpty() ? "-" : s.getSpiffeId(), state(s),
            Long.toString(s.getAcknowledgedVersion()), Long.toString(s.getSentVersion()), time(s.getConnectedSince())};
    }

    private static String identity(SidecarStatus s) {
        return s.getSpiffeId().isEmpty() ? "no certificate" : s.getSpiffeId();
    }

    private static String state(SidecarStatus s) {
        if (!s.getConnected()) {
            return "gone";
        }
        if (s.hasLastRejection()) {
            return "rejected";
        }
        return s.getAcknowledgedVersion() >= s.getSentVersion() ? "in sync" : "behind";
    }

    private static String time(Timestamp at) {
        return Instant.ofEpochSecond(at.getSeconds()).toString();
    }
}
