package mesh.proxy.http2;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import mesh.proxy.http.Fields;

/** Heads or trailers to be used again, so that a request costs none. What is given back may still be looked at until the batch is over. */
final class Spares<T extends Fields> {

    private static final int KEPT = 32;

    private final Supplier<T> make;
    private final ArrayDeque<T> spare = new ArrayDeque<>();
    private final List<T> spent = new ArrayList<>();

    Spares(Supplier<T> make) {
        this.make = make;
    }

    /** A clean one. */
    T take() {
        T kept = spare.poll();
        return kept == null ? make.get() : kept;
    }

    void giveBack(T used) {
        spent.add(used);
    }

    void afterBatch() {
        if (spent.isEmpty()) return;
        for (int i = 0; i < spent.size() && spare.size() < KEPT; i++) {
            spent.get(i).clear();
            spare.add(spent.get(i));
        }
        spent.clear();
    }
}
