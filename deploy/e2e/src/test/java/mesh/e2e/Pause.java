package mesh.e2e;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A reader stops in the middle of a body, until a test has seen what everybody else does meanwhile. */
final class Pause {

    private final CompletableFuture<Void> begun = new CompletableFuture<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    /** The reader stops here. @return ends when it may go on */
    CompletableFuture<Void> begin() {
        begun.complete(null);
        return over;
    }

    boolean hasBegun() {
        return begun.isDone();
    }

    void awaitBegun() throws Exception {
        begun.get(180, TimeUnit.SECONDS);
    }

    void end() {
        over.complete(null);
    }
}
