package mesh.control.up;

import java.io.PrintWriter;

/** One line a step, with how long it took. */
final class Progress {

    private final PrintWriter err;
    private String step;
    private long begun;

    Progress(PrintWriter err) {
        this.err = err;
    }

    void step(String next) {
        done();
        step = next;
        begun = System.nanoTime();
        err.print("  " + next + " … ");
        err.flush();
    }

    void done() {
        end(String.format("%.1f s", (System.nanoTime() - begun) / 1e9));
    }

    void failed() {
        end("failed");
    }

    private void end(String how) {
        if (step != null) err.println(how);
        step = null;
    }
}
