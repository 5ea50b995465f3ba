package mesh.proxy.cli;

import java.time.Duration;
import java.util.List;
import mesh.model.Address;
import mesh.model.Durations;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where a sidecar listens before it has a configuration. */
final class HoldOptions {

    private static final Duration LONGEST = Duration.ofMinutes(10);

    @Option(names = "--hold", paramLabel = "HOST:PORT", split = ",",
        description = "where the workload's calls come to, such as 127.0.0.1:15001: listened on from the start, so that calls wait for the configuration"
            + " and are not refused; default: where it was so with the last configuration in the state directory")
    private List<Address> addresses = List.of();

    @Option(names = "--hold-limit", paramLabel = "DURATION", defaultValue = "30s",
        description = "how long such calls wait at most, up to 10m; 0s: not at all; default: ${DEFAULT-VALUE}")
    private Duration limit;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /** @throws ParameterException naming the option, its value and what was expected */
    StartOptions.Hold read() {
        if (limit.compareTo(LONGEST) > 0) {
            throw new ParameterException(spec.commandLine(), "--hold-limit: \"" + Durations.format(limit) + "\" (expected: at most 10m)");
        }
        for (Address each : addresses) {
            if (each.port() == 0) throw new ParameterException(spec.commandLine(), "--hold: \"" + each + "\" (expected: a port that the workload knows)");
        }
        return new StartOptions.Hold(addresses, limit);
    }
}
