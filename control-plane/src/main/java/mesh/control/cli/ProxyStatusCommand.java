package mesh.control.cli;

import com.google.protobuf.Timestamp;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.ListSidecarsResponse;
import mesh.v1.SidecarStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh proxy-status}: each sidecar, and whether it has what it should have. */
@Command(
    name = "proxy-status",
    description = "Shows each sidecar, and whether it has the current configuration.",
    mixinStandardHelpOptions = true)
final class ProxyStatusCommand implements Runnable {

    @Mixin
    private Client client;

    @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
    private Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        ListSidecarsResponse response = client.call(admin -> admin.listSidecars(ListSidecarsRequest.getDefaultInstance()));
        PrintWriter out = spec.commandLine().getOut();
        if (output == Output.json) {
            out.println(Output.json(response));
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("NODE", "IDENTITY", "STATE", "ACKNOWLEDGED", "SENT", "CONNECTED SINCE"));
        response.getSidecarsList().forEach(s -> rows.add(row(s)));
        out.print(Output.table(rows));
        response.getSidecarsList().stream().filter(SidecarStatus::hasLastRejection).forEach(s ->
            out.println("\n" + s.getNode() + " rejected version " + s.getLastRejection().getVersion() + " at "
                + time(s.getLastRejection().getAt()) + ": " + s.getLastRejection().getMessage()));
        out.println("\nconfig version " + response.getVersion());
        out.flush();
    }

    private static List<String> row(SidecarStatus s) {
        return List.of(s.getNode(), s.getSpiffeId().isEmpty() ? "-" : s.getSpiffeId(), state(s),
            Long.toString(s.getAcknowledgedVersion()), Long.toString(s.getSentVersion()), time(s.getConnectedSince()));
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
