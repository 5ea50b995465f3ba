package mesh.proxy.http;

/** STUB of the contract: a request's head. To be built by the http1 work. */
public final class RequestHead extends Fields {

    /** For tests and for protocols that have no bytes to keep. */
    public static RequestHead of(String method, String target, String authority) { throw new UnsupportedOperationException(); }

    public Method method() { throw new UnsupportedOperationException(); }

    /** Path and query as they will be forwarded. */
    public String target() { throw new UnsupportedOperationException(); }

    /** The path without the query, dot segments resolved. */
    public String path() { throw new UnsupportedOperationException(); }

    /** Compares the path's bytes without making a string. */
    public boolean pathIs(byte[] exact) { throw new UnsupportedOperationException(); }

    public boolean pathStartsWith(byte[] prefix) { throw new UnsupportedOperationException(); }

    /** Host, or :authority; with the port if it came with one. */
    public String authority() { throw new UnsupportedOperationException(); }

    /** Compares the authority without case and without making a string. */
    public boolean authorityIs(byte[] lowerCase) { throw new UnsupportedOperationException(); }

    /** Sets the Host (or :authority) that is sent upstream. */
    public void setAuthority(String authority) { throw new UnsupportedOperationException(); }

    /** The protocol asked for with {@code connection: upgrade}, or null. */
    public String upgrade() { throw new UnsupportedOperationException(); }

    /** The declared body length, or -1 when it is unknown (chunked). */
    public long contentLength() { throw new UnsupportedOperationException(); }
}
