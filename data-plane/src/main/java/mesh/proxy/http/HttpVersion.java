package mesh.proxy.http;

/** Which HTTP a connection speaks. */
public enum HttpVersion {
    /** 1.1, and 1.0 from clients that know no better. */
    HTTP_1,
    HTTP_2
}
