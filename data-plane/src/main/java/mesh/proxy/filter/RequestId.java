package mesh.proxy.filter;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;

/**
 * Gives a request that brings no {@code x-request-id} a random UUID (RFC 9562 section 5.4), by which logs on both sides find it. Made once
 * a connection; on its loop only.
 */
public final class RequestId {

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SHAPE = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".getBytes(StandardCharsets.US_ASCII);

    private final RandomGenerator random;
    /** The next value, used again and again. */
    private final byte[] next = SHAPE.clone();

    /** @param random makes ids */
    public RequestId(RandomGenerator random) {
        this.random = random;
    }

    public void add(RequestHead head) {
        if (head.contains(FieldName.X_REQUEST_ID)) return;
        long bits = random.nextLong();
        for (int i = 0; i < next.length; i++) {
            // 15 digits have been drawn from the first 64 bits.
            if (i == 18) bits = random.nextLong();
            if (SHAPE[i] == 'x') next[i] = HEX[(int) bits & 0xf];
            else if (SHAPE[i] == 'y') next[i] = HEX[8 | (int) bits & 3];
            else continue;
            bits >>>= 4;
        }
        head.add(FieldName.X_REQUEST_ID, next);
    }
}
