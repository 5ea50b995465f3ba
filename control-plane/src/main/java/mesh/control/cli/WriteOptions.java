package mesh.control.cli;

import java.io.PrintWriter;
import mesh.v1.Change;
import mesh.v1.WriteResponse;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options of commands that write, and what they say of it. */
final class WriteOptions {

    @Option(names = "--expected-version", paramLabel = "N", defaultValue = "0",
        description = "refuse when the current version is another one; 0 applies to any")
    private long expectedVersion;

    @Option(names = "--dry-run", description = "only say what would be refused, and otherwise what would change")
    private boolean dryRun;

    @Option(names = {"-m", "--message"}, paramLabel = "TEXT", defaultValue = "", description = "what for, to be read in the history")
    private String message;

    long expectedVersion() {
        return expectedVersion;
    }

    boolean dryRun() {
        return dryRun;
    }

    String message() {
        return message;
    }

    /** @param done what happened, unless it was a dry run */
    void tell(CommandLine shell, WriteResponse response, String done) {
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

    private static String line(Change change) {
        return change.getAction() + " " + change.getKind() + " " + change.getName()
            + (change.getCluster().isEmpty() ? "" : " of cluster " + change.getCluster());
    }
}
