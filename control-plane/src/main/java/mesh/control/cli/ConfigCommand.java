package mesh.control.cli;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import mesh.v1.AbortRolloutRequest;
import mesh.v1.AbortRolloutResponse;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.RolloutConfigRequest;
import mesh.v1.WriteResponse;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh config …}. */
@Command(
    name = "config",
    description = "Reads, replaces, compares and puts back the configuration of the mesh.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
        ConfigCommand.Get.class, ConfigCommand.Apply.class, HistoryCommand.class, DiffCommand.class, RollbackCommand.class,
        ConfigCommand.AbortRollout.class})
final class ConfigCommand {

    /** {@code mesh config get}: prints what {@code mesh config apply} takes. */
    @Command(
        name = "get",
        description = "Prints the configuration as JSON, in the form that apply takes: the current one, or an earlier one.",
        mixinStandardHelpOptions = true)
    static final class Get implements Runnable {

        @Mixin
        private Client client;

        @ArgGroup
        private When when = new When();

        @Option(names = "--node", paramLabel = "NAME", defaultValue = "", description = "only what this sidecar is shown of it")
        private String node;

        @Option(names = "--workload", paramLabel = "NAME", defaultValue = "",
            description = "the workload of the sidecar, if it has not been connected in the last hour")
        private String workload;

        @Spec
        private CommandSpec spec;

        /** At most one of the two. */
        private static final class When {

            @Option(names = "--config-version", paramLabel = "N", description = "as of this version (default: the current one)")
            private long version;

            @Option(names = "--at", paramLabel = "TIME",
                description = "as it was at this time, such as 2026-11-28T14:03:00Z, or 14:03 of today on this machine's clock")
            private Instant at;
        }

        @Override
        public void run() {
            GetConfigRequest.Builder request = GetConfigRequest.newBuilder().setVersion(when.version).setNode(node).setWorkload(workload);
            if (when.at != null) {
                request.setAt(Timestamp.newBuilder().setSeconds(when.at.getEpochSecond()).setNanos(when.at.getNano()));
            }
            GetConfigResponse response = client.call(admin -> admin.getConfig(request.build()));
            PrintWriter out = spec.commandLine().getOut();
            out.println(Output.json(response.getConfig()));
            spec.commandLine().getErr().println("config version " + response.getVersion());
        }
    }

    /** {@code mesh config apply}: all or nothing. */
    @Command(
        name = "apply",
        description = "Replaces the whole configuration by a file's. A bad one is refused with every problem, and changes nothing.",
        mixinStandardHelpOptions = true)
    static final class Apply implements Callable<Integer> {

        @Mixin
        private Client client;

        @Parameters(paramLabel = "FILE", description = "JSON, as config get prints it, or the same in YAML; - reads standard input")
        private Path file;

        @Mixin
        private WriteOptions options;

        @Spec
        private CommandSpec spec;

        @Option(names = "--wait", description = "until every sidecar that the change concerns has answered; exit code 1 unless all have taken it")
        private boolean wait;

        @Option(names = "--wait-timeout", paramLabel = "DURATION", defaultValue = "60s", description = "for how long at most (default: ${DEFAULT-VALUE})")
        private Duration patience;

        @Option(names = "--rollback-on-rejection", description = "wait, and put back what was before as soon as a sidecar rejects the change")
        private boolean rollsBack;

        @Option(names = "--waves", split = ",", paramLabel = "PERCENT",
            description = "give it to shares of the sidecars one after the other, such as 10%%,50%%,100%%; exit code 1 when it was taken back")
        private List<String> waves = List.of();

        @Option(names = "--bake", paramLabel = "DURATION", defaultValue = "30s", description = "for how long each wave is watched (default: ${DEFAULT-VALUE})")
        private Duration bake;

        @Option(names = "--abort-on", split = ",", paramLabel = "CONDITION",
            description = "what takes it back: rejections, error-rate>2%%, p99>500ms; of the sidecars that have it (default: rejections)")
        private List<String> abortOn = List.of();

        @Override
        public Integer call() throws IOException {
            FileText text = ConfigFile.text(file);
            ApplyConfigRequest request = ApplyConfigRequest.newBuilder().setConfig(ConfigFile.read(text))
                .setExpectedVersion(options.expectedVersion()).setDryRun(options.dryRun()).setMessage(options.message()).build();
            try {
                if (!waves.isEmpty()) {
                    return new ApplyInWaves(client, spec.commandLine()).run(RolloutConfigRequest.newBuilder().setApply(request)
                        .addAllWaves(waves).setBake(Durations.fromMillis(bake.toMillis())).addAllAbortOn(abortOn).build());
                }
                if (wait || rollsBack) {
                    return new ApplyAndWait(client, spec.commandLine(), options).run(request, patience, rollsBack);
                }
                WriteResponse response = client.call(admin -> admin.applyConfig(request));
                options.tell(spec.commandLine(), response, "applied");
                return 0;
            } catch (RefusedWrite e) {
                throw e.in(text);
            }
        }
    }

    /** {@code mesh config abort-rollout}. */
    @Command(
        name = "abort-rollout",
        description = "Ends the rollout that is on, and puts back what was before it.",
        mixinStandardHelpOptions = true)
    static final class AbortRollout implements Runnable {

        @Mixin
        private Client client;

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            AbortRolloutResponse response = client.call(admin -> admin.abortRollout(AbortRolloutRequest.getDefaultInstance()));
            spec.commandLine().getOut().println("taken back: config version " + response.getRollbackVersion());
        }
    }
}
