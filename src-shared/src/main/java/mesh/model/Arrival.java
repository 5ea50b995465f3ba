package mesh.model;

/** How connections come to a listener. Interception redirects them to one socket, whoever they were opened to; what they were opened to decides then. */
public enum Arrival {
    /** To its own socket, and they are its own. */
    DIRECT,
    /**
     * To its own socket, redirected there: each is handed to the {@link #HANDED_OVER} listener of the address that it was opened to, and is
     * its own where there is none. Envoy's {@code use_original_dst}.
     */
    INTERCEPTED,
    /** It has no socket and gets what an intercepting listener hands over: its address is where connections were opened to. Envoy's {@code bind_to_port: false}. */
    HANDED_OVER
}
