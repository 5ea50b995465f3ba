package mesh.proxy.balancer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The hash XXH64 (Y. Collet, xxHash specification 0.2.0): quick, even, and the one by which Envoys make and spread keys. Not for secrets. */
public final class XxHash64 {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long P1 = 0x9E3779B185EBCA87L, P2 = 0xC2B2AE3D27D4EB4FL, P3 = 0x165667B19E3779F9L, P4 = 0x85EBCA77C2B2AE63L,
        P5 = 0x27D4EB2F165667C5L;
    private static final int STRIPE = 32;

    private XxHash64() {}

    /** Of a text's UTF-8, with seed 0. */
    public static long of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return of(bytes, 0, bytes.length, 0);
    }

    public static long of(byte[] bytes, int from, int to, long seed) {
        int at = from;
        long hash = seed + P5;
        if (to - from >= STRIPE) {
            long a = seed + P1 + P2, b = seed + P2, c = seed, d = seed - P1;
            for (; at + STRIPE <= to; at += STRIPE) {
                a = round(a, (long) LONGS.get(bytes, at));
                b = round(b, (long) LONGS.get(bytes, at + 8));
                c = round(c, (long) LONGS.get(bytes, at + 16));
                d = round(d, (long) LONGS.get(bytes, at + 24));
            }
            hash = Long.rotateLeft(a, 1) + Long.rotateLeft(b, 7) + Long.rotateLeft(c, 12) + Long.rotateLeft(d, 18);
            hash = merge(merge(merge(merge(hash, a), b), c), d);
        }
        hash += to - from;
        for (; at + Long.BYTES <= to; at += Long.BYTES) hash = Long.rotateLeft(hash ^ round(0, (long) LONGS.get(bytes, at)), 27) * P1 + P4;
        if (at + Integer.BYTES <= to) {
            hash = Long.rotateLeft(hash ^ ((int) INTS.get(bytes, at) & 0xffffffffL) * P1, 23) * P2 + P3;
            at += Integer.BYTES;
        }
        for (; at < to; at++) hash = Long.rotateLeft(hash ^ (bytes[at] & 0xff) * P5, 11) * P1;
        return mix(hash);
    }

    /** How the hash ends: spreads what differs in any bit over all of them. */
    static long mix(long hash) {
        long mixed = (hash ^ hash >>> 33) * P2;
        mixed = (mixed ^ mixed >>> 29) * P3;
        return mixed ^ mixed >>> 32;
    }

    private static long round(long lane, long word) {
        return Long.rotateLeft(lane + word * P2, 31) * P1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * P1 + P4;
    }
}
