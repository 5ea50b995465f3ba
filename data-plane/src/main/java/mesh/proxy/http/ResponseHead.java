package mesh.proxy.http;

/** STUB of the contract: a response's head. To be built by the http1 work. */
public final class ResponseHead extends Fields {

    public static ResponseHead of(int status) { throw new UnsupportedOperationException(); }

    public int status() { throw new UnsupportedOperationException(); }

    /** The declared body length, or -1 when it is unknown. */
    public long contentLength() { throw new UnsupportedOperationException(); }
}
