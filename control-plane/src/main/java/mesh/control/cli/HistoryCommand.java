package mesh.control.cli;

import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import mesh.v1.ConfigVersion;
import mesh.v1.ListVersionsRequest;
import mesh.v1.ListVersionsResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh config history}: who changed it, when and what for. */
@Command(
    name = "history",
    description = "Lists the versions of the configuration, the newest first.",
    mixinStandardHelpOptions = true)
final class HistoryCommand implements Runnable {

    private static final int SHORT_HASH = 12;

    @Mixin
    private Client client;

    @Option(names = {"-n", "--limit"}, paramLabel = "N", defaultValue = "20", description = "how many, up to 1000 (default: ${DEFAULT-VALUE})")
    private int limit;

    @Option(names = "--before", paramLabel = "N", defaultValue = "0", description = "only versions before this one")
    private long before;

    @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
    private Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        ListVersionsResponse response = client.call(admin ->
            admin.listVersions(ListVersionsRequest.newBuilder().setLimit(limit).setBeforeVersion(before).build()));
        PrintWriter out = spec.commandLine().getOut();
        if (output == Output.json) {
            out.println(Output.json(response));
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("VERSION", "WRITTEN", "AUTHOR", "CONTENT", "MESSAGE"));
        response.getVersionsList().forEach(version -> rows.add(row(version)));
        out.print(Output.table(rows));
        out.flush();
    }

    private static List<String> row(ConfigVersion version) {
        String hash = version.getContentHash();
        return List.of(Long.toString(version.getVersion()), Instant.ofEpochSecond(version.getAt().getSeconds()).toString(), version.getAuthor(),
            hash.substring(0, Math.min(SHORT_HASH, hash.length())), version.getMessage());
    }
}
