package mesh.proxy.admin;

import io.vertx.core.http.HttpServerRequest;
import mesh.model.Address;

/**
 * Keeps other people's web pages from using a browser on this machine against the admin listener, which asks nobody who they are: a page
 * that has pointed its own name at loopback (DNS rebinding) shows in {@code Host}, one that posts across sites in {@code Origin}.
 */
final class SameOrigin {

    private SameOrigin() {}

    static boolean allows(HttpServerRequest request, Address listening) {
        String host = request.getHeader("host");
        if (host == null || !isOurs(host, listening)) return false;
        String origin = request.getHeader("origin");
        return origin == null || origin.equals("http://" + host);
    }

    /** An address cannot be rebound, and {@code localhost} is always this machine. */
    private static boolean isOurs(String host, Address listening) {
        String name = host.replaceFirst(":[0-9]+$", "");
        return name.equals("localhost") || name.equals(listening.host()) || name.startsWith("[") || name.matches("[0-9.]+");
    }
}
