package mesh.control.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.CaServiceGrpc;
import mesh.v1.CaStatus;
import mesh.v1.GetCaStatusRequest;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.ListSidecarsResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh check}: looks at a whole mesh and says what is wrong with it. */
@Command(
    name = "check",
    description = "Says what is wrong with the mesh: rejected and unacknowledged versions, certificates that expire, clocks that differ, also"
        + " of sidecars, endpoints that nobody can reach.",
    footer = "Exit codes: 0 nothing is wrong, 1 something is, 2 it could not be found out.",
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {

    @Mixin
    private Client client;

    @Option(names = "--connect",
        description = "also connect to every endpoint from this machine; of use where it is in the same network as the sidecars")
    private boolean connect;

    @Option(names = "--connect-timeout", paramLabel = "DURATION", defaultValue = "1s", description = "for each (default: ${DEFAULT-VALUE})")
    private Duration connectTimeout;

    @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
    private Output output;

    @Spec
    private CommandSpec spec;

    /** What is looked at. */
    private record Mesh(ListSidecarsResponse sidecars, Instant asked, Instant answered, CaStatus authority, GetConfigResponse config) {}

    @Override
    public Integer call() {
        Mesh mesh;
        try {
            mesh = look(InstantSource.system());
        } catch (CommandFailure e) {
            spec.commandLine().getErr().println("mesh: " + e.getMessage());
            return 2;
        }
        List<Finding> findings = new ArrayList<>();
        findings.addAll(MeshChecks.sidecars(mesh.sidecars));
        findings.addAll(MeshChecks.clocks(mesh.sidecars));
        findings.addAll(MeshChecks.clock(MeshChecks.instant(mesh.sidecars.getAt()), mesh.asked, mesh.answered));
        findings.addAll(MeshChecks.authority(mesh.authority, MeshChecks.instant(mesh.sidecars.getAt())));
        findings.addAll(MeshChecks.endpoints(mesh.config.getConfig()));
        if (connect) {
            findings.addAll(MeshChecks.connections(mesh.config.getConfig(), connectTimeout));
        }
        print(mesh, findings);
        return findings.isEmpty() ? 0 : 1;
    }

    private Mesh look(InstantSource clock) {
        return client.with(channel -> {
            Instant asked = clock.instant();
            ListSidecarsResponse sidecars = client.bounded(AdminServiceGrpc.newBlockingStub(channel)).listSidecars(ListSidecarsRequest.getDefaultInstance());
            Instant answered = clock.instant();
            return new Mesh(sidecars, asked, answered,
                client.bounded(CaServiceGrpc.newBlockingStub(channel)).getCaStatus(GetCaStatusRequest.getDefaultInstance()),
                client.bounded(AdminServiceGrpc.newBlockingStub(channel)).getConfig(GetConfigRequest.getDefaultInstance()));
        });
    }

    private void print(Mesh mesh, List<Finding> findings) {
        PrintWriter out = spec.commandLine().getOut();
        if (output == Output.json) {
            JsonArray all = new JsonArray();
            findings.forEach(each -> all.add(new JsonObject().put("code", each.code()).put("subject", each.subject()).put("problem", each.problem())));
            out.println(new JsonObject().put("version", mesh.config.getVersion()).put("findings", all).encodePrettily());
        } else if (findings.isEmpty()) {
            out.println("nothing is wrong: config version " + mesh.config.getVersion() + ", "
                + mesh.sidecars.getSidecarsList().stream().filter(each -> each.getConnected()).count() + " connected");
        } else {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("CODE", "SUBJECT", "PROBLEM"));
            findings.forEach(each -> rows.add(List.of(each.code(), each.subject(), each.problem())));
            out.print(Output.table(rows));
        }
        out.flush();
    }

    /**
     * Something that is wrong.
     *
     * @param code    what kind, for programs; stays
     * @param subject whose or where
     */
    record Finding(String code, String subject, String problem) {}
}
