package mesh.proxy.http2;

import java.util.ArrayDeque;

/**
 * Whose turn it is to send: each stream that can sends a frame and goes to the end of the line. So many small answers leave in one flush, and
 * no large one holds up the others.
 */
final class SendTurns {

    private final Http2Connection connection;
    private final ArrayDeque<Http2Stream> line = new ArrayDeque<>();
    private final ArrayDeque<Http2Stream> blocked = new ArrayDeque<>();
    private boolean running;

    SendTurns(Http2Connection connection) {
        this.connection = connection;
    }

    /** Has something to send. */
    void add(Http2Stream stream) {
        if (!stream.isInLine()) {
            stream.setInLine(true);
            line.add(stream);
        }
        if (!running) connection.written();
    }

    /** As long as the channel takes it. @return whether somebody still waits for that */
    boolean run() {
        if (running) return false;
        running = true;
        while (!line.isEmpty() && connection.mayWrite()) {
            Http2Stream stream = line.poll();
            stream.setInLine(false);
            switch (stream.sendSome()) {
                case MORE -> add(stream);
                // With the window used up those still go on that need none of it, for a last word.
                case CONNECTION_FULL -> blocked.add(stream);
                case DONE -> { /* until it has something again */ }
            }
        }
        boolean waiting = !line.isEmpty();
        for (Http2Stream stream; (stream = blocked.poll()) != null; ) add(stream);
        running = false;
        return waiting;
    }
}
