package mesh.proxy.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import mesh.time.Env;

/**
 * 64 bits that stand for a client, under a key that this process alone knows, so that nobody can choose a name whose bits are another's.
 * This is SipHash-1-3 (J.-P. Aumasson and D. J. Bernstein, 2012, with the rounds that Rust and Linux use for tables).
 */
final class Fingerprint {

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long KEY_0 = Env.SECURE_RANDOM.nextLong(), KEY_1 = Env.SECURE_RANDOM.nextLong();

    private long v0;
    private long v1;
    private long v2;
    private long v3;

    private Fingerprint(long key0, long key1) {
        v0 = key0 ^ 0x736f6d6570736575L;
        v1 = key1 ^ 0x646f72616e646f6dL;
        v2 = key0 ^ 0x6c7967656e657261L;
        v3 = key1 ^ 0x7465646279746573L;
    }

    /** Never 0. */
    static long of(byte[] bytes, int from, int to) {
        long hash = of(bytes, from, to, KEY_0, KEY_1);
        return hash == 0 ? 1 : hash;
    }

    static long of(byte[] bytes, int from, int to, long key0, long key1) {
        Fingerprint state = new Fingerprint(key0, key1);
        int at = from;
        for (; at + Long.BYTES <= to; at += Long.BYTES) state.add((long) WORDS.get(bytes, at));
        long last = (long) (to - from) << 56;
        for (int shift = 0; at < to; at++, shift += 8) last |= (bytes[at] & 0xffL) << shift;
        state.add(last);
        return state.end();
    }

    private void add(long word) {
        v3 ^= word;
        round();
        v0 ^= word;
    }

    private long end() {
        v2 ^= 0xff;
        round();
        round();
        round();
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private void round() {
        v0 += v1;
        v2 += v3;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 = Long.rotateLeft(v2, 32);
    }
}
