package mesh.control.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import mesh.v1.DiffConfigRequest;
import mesh.v1.DiffConfigResponse;
import mesh.v1.FieldChange;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh config diff}: exit codes as those of diff(1). */
@Command(
    name = "diff",
    description = "Shows what differs between two versions of the configuration, field by field, and which sidecars it concerns.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:the two are the same", "1:they differ, or could not be read", "2:the command makes no sense"})
final class DiffCommand implements Callable<Integer> {

    @Mixin
    private Client client;

    @Parameters(index = "0", arity = "0..1", paramLabel = "FROM", defaultValue = "0", description = "default: the version before TO")
    private long from;

    @Parameters(index = "1", arity = "0..1", paramLabel = "TO", defaultValue = "0", description = "default: the current one")
    private long to;

    @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
    private Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        DiffConfigResponse response = client.call(admin ->
            admin.diffConfig(DiffConfigRequest.newBuilder().setFromVersion(from).setToVersion(to).build()));
        PrintWriter out = spec.commandLine().getOut();
        if (output == Output.json) {
            out.println(Output.json(response));
        } else {
            print(response, out);
        }
        return response.getFieldsCount() == 0 ? 0 : 1;
    }

    private static void print(DiffConfigResponse response, PrintWriter out) {
        out.println("config version " + response.getFromVersion() + " to " + response.getToVersion());
        for (FieldChange field : response.getFieldsList()) {
            out.println(field.getPath());
            if (!field.getBefore().isEmpty()) {
                out.println("  - " + field.getBefore());
            }
            if (!field.getAfter().isEmpty()) {
                out.println("  + " + field.getAfter());
            }
        }
        if (response.getTruncated()) {
            out.println("and more");
        }
        if (response.getSidecarsCount() > 0) {
            out.println("concerns " + String.join(", ", response.getSidecarsList()));
        }
    }
}
