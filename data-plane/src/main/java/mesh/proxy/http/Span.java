package mesh.proxy.http;

/** A part of a text as one number, so that finding it makes no object. */
public final class Span {

    private Span() {}

    /** From there, to there exclusive; never negative. */
    public static long of(int start, int end) {
        return (long) start << Integer.SIZE | end;
    }

    public static int start(long span) {
        return (int) (span >>> Integer.SIZE);
    }

    public static int end(long span) {
        return (int) span;
    }
}
