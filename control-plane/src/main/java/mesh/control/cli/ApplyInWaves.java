package mesh.control.cli;

import com.google.protobuf.util.Durations;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Iterator;
import java.util.Locale;
import mesh.v1.RolloutConfigRequest;
import mesh.v1.RolloutProgress;
import picocli.CommandLine;

/** {@code mesh config apply --waves}: tells each wave as it begins and ends, and how the rollout ended. */
final class ApplyInWaves {

    /** Far beyond any: the control plane ends it. */
    private static final Duration LONGEST = Duration.ofDays(30);

    private final Client client;
    private final CommandLine shell;
    private long wave;
    private long applied = -1;

    ApplyInWaves(Client client, CommandLine shell) {
        this.client = client;
        this.shell = shell;
    }

    /** @return 0 when every sidecar has it, 1 when it was taken back */
    int run(RolloutConfigRequest request) {
        return client.with(channel -> {
            String state = "";
            Iterator<RolloutProgress> progress = client.patient(channel, LONGEST).rolloutConfig(request);
            while (progress.hasNext()) {
                RolloutProgress now = progress.next();
                tell(now);
                state = now.getState();
            }
            return state.equals("done") ? 0 : 1;
        });
    }

    private void tell(RolloutProgress now) {
        PrintWriter out = shell.getOut();
        boolean over = !now.getState().equals("running");
        if (over || now.getWave() != wave || now.getApplied() != applied) {
            out.println("wave " + now.getWave() + " of " + now.getWaves() + ", config version " + now.getVersion() + ": applied " + now.getApplied() + " of "
                + now.getGivenCount() + ", " + now.getConcerned() + " in all" + traffic(now));
        }
        wave = now.getWave();
        applied = now.getApplied();
        if (now.getState().equals("done")) {
            out.println("done: config version " + now.getVersion());
        } else if (over) {
            out.println("aborted: " + now.getReason() + "\nconfig version " + now.getRollbackVersion() + " is what was before");
        }
        out.flush();
    }

    private static String traffic(RolloutProgress now) {
        return now.getRequests() == 0 ? "" : String.format(Locale.ROOT, "; %d requests, %.1f%% failed, p99 %dms",
            now.getRequests(), 100.0 * now.getFailures() / now.getRequests(), Durations.toMillis(now.getP99()));
    }
}
