package mesh.control.cli;

import com.google.protobuf.util.Durations;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import mesh.v1.ApplyConfigAndWaitRequest;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.ApplyProgress;
import mesh.v1.SidecarRejection;
import picocli.CommandLine;

/** {@code mesh config apply --wait}: tells how far a change is, a line for each news. */
final class ApplyAndWait {

    private static final int MOST_NAMES = 3;

    private final Client client;
    private final CommandLine shell;
    private final WriteOptions options;

    ApplyAndWait(Client client, CommandLine shell, WriteOptions options) {
        this.client = client;
        this.shell = shell;
        this.options = options;
    }

    /** @return 0 when all that it concerns have taken it, else 1 */
    int run(ApplyConfigRequest apply, Duration patience, boolean rollsBack) {
        ApplyConfigAndWaitRequest request = ApplyConfigAndWaitRequest.newBuilder()
            .setApply(apply).setTimeout(Durations.fromMillis(patience.toMillis())).setRollbackOnRejection(rollsBack).build();
        return client.with(channel -> {
            String state = "";
            Iterator<ApplyProgress> progress = client.patient(channel, patience).applyConfigAndWait(request);
            while (progress.hasNext()) {
                ApplyProgress now = progress.next();
                tell(now);
                state = now.getState();
            }
            return state.equals("applied") ? 0 : 1;
        });
    }

    private void tell(ApplyProgress now) {
        PrintWriter out = shell.getOut();
        if (now.hasWrite()) {
            options.tell(shell, now.getWrite(), "applied");
        }
        out.println("applied " + now.getApplied() + " of " + now.getConcerned() + rejections(now) + names(", waiting for ", now.getWaitingList())
            + names(", gone: ", now.getGoneList()));
        switch (now.getState()) {
            case "timed out" -> out.println("timed out: config version " + now.getVersion() + " is in force, and not everywhere yet");
            case "rejected" -> out.println("rejected: config version " + now.getVersion() + " is in force where it was not rejected");
            case "rolled back" -> out.println("rolled back: config version " + now.getRollbackVersion() + " is what was before " + now.getVersion());
            default -> { }
        }
        out.flush();
    }

    private static String rejections(ApplyProgress now) {
        if (now.getRejectionsCount() == 0) {
            return "";
        }
        SidecarRejection first = now.getRejections(0);
        return ", " + now.getRejectionsCount() + " rejected: " + first.getNode() + ": " + first.getRejection().getMessage()
            + (now.getRejectionsCount() > 1 ? " …" : "");
    }

    private static String names(String before, List<String> nodes) {
        if (nodes.isEmpty()) {
            return "";
        }
        String some = String.join(" ", nodes.subList(0, Math.min(MOST_NAMES, nodes.size())));
        return before + some + (nodes.size() > MOST_NAMES ? " and " + (nodes.size() - MOST_NAMES) + " more" : "");
    }
}
