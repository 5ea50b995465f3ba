package mesh.proxy.cli;

import java.time.Duration;
import java.util.Optional;
import mesh.model.Durations;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a sidecar leaves: the bounds of its steps. */
final class DrainOptions {

    private static final Duration LONGEST = Duration.ofHours(1);

    @Option(names = "--drain-delay", paramLabel = "DURATION", defaultValue = "5s",
        description = "how long to go on accepting after SIGTERM, at least; default: ${DEFAULT-VALUE}")
    private Duration delay;

    @Option(names = "--drain-ack-timeout", paramLabel = "DURATION", defaultValue = "10s",
        description = "how long, at most, to go on accepting until everyone who calls this workload has acknowledged to the control plane"
            + " that it leaves; 0s: they are told, and not waited for; default: ${DEFAULT-VALUE}")
    private Duration acknowledge;

    @Option(names = "--drain-limit", paramLabel = "DURATION", defaultValue = "28s",
        description = "what is left so long after SIGTERM is cut, at most 1h; a pod is killed after 30s; default: ${DEFAULT-VALUE}")
    private Duration limit;

    @Option(names = "--exit-with-pid", paramLabel = "PID",
        description = "the workload's main process, which has to be there: when it has ended the sidecar ends, and on SIGTERM its calls are served"
            + " until then; default: none")
    private Long pid;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /** @throws ParameterException naming the option, its value and what was expected */
    StartOptions.Drain read() {
        check(limit.compareTo(LONGEST) <= 0, "--drain-limit", limit, "at most 1h");
        check(delay.compareTo(limit) < 0, "--drain-delay", delay, "less than --drain-limit, " + Durations.format(limit));
        check(acknowledge.compareTo(limit) < 0, "--drain-ack-timeout", acknowledge, "less than --drain-limit, " + Durations.format(limit));
        return new StartOptions.Drain(delay, acknowledge, limit, Optional.ofNullable(pid).map(this::process));
    }

    private ProcessHandle process(long number) {
        return ProcessHandle.of(number).orElseThrow(() ->
            new ParameterException(spec.commandLine(), "--exit-with-pid: \"" + number + "\" (expected: a process that this one can see)"));
    }

    private void check(boolean holds, String option, Duration value, String expected) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), option + ": \"" + Durations.format(value) + "\" (expected: " + expected + ")");
        }
    }
}
