package mesh.proxy.http2;

/**
 * What the peer may still send (RFC 9113 section 5.2), of a stream or of the connection. It gets back what has been passed on, half a window
 * at a time: so a slow reader stops it, and a quick one costs few frames.
 */
final class ReceiveWindow {

    private final int size;
    private int left;
    private int passedOn;

    ReceiveWindow(int size) {
        this.size = size;
        this.left = size;
    }

    /** @return false when the peer has sent more than it may */
    boolean spend(int bytes) {
        left -= bytes;
        return left >= 0;
    }

    /** Bytes have been passed on, or thrown away. @return by how much the peer's window is to be enlarged now */
    int giveBack(int bytes) {
        passedOn += bytes;
        if (passedOn < size / 2) return 0;
        int increment = passedOn;
        passedOn = 0;
        left += increment;
        return increment;
    }
}
