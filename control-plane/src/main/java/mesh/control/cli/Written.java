package mesh.control.cli;

import java.io.PrintWriter;
import mesh.v1.Change;
import mesh.v1.WriteResponse;
import picocli.CommandLine;

/** What commands that write say of it. */
final class Written {

    private Written() {}

    /** @param done the one word for what happened */
    static void tell(CommandLine shell, WriteResponse response, boolean dryRun, String done) {
        PrintWriter out = shell.getOut();
        response.getWarningsList().forEach(warning -> shell.getErr().println("warning: " + warning.getField() + ": " + warning.getDescription()));
        if (!dryRun) {
            out.println(done + ": config version " + response.getVersion());
            return;
        }
        response.getChangesList().forEach(change -> out.println(line(change)));
        if (response.getChangesCount() == 0) {
            out.println("nothing would change: config version " + response.getVersion());
            return;
        }
        if (response.getSidecarsCount() > 0) {
            out.println("would be sent to " + String.join(", ", response.getSidecarsList()));
        }
        out.println("would become config version " + response.getVersion() + "; nothing was changed");
    }

    static String line(Change change) {
        return change.getAction() + " " + change.getKind() + " " + change.getName()
            + (change.getCluster().isEmpty() ? "" : " of cluster " + change.getCluster());
    }
}
