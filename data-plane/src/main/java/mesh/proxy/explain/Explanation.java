package mesh.proxy.explain;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What becomes of a request, and why; as plain as the page and the command that show it need. JSON has the same names.
 *
 * @param request       such as {@code GET shop.example/cart?page=2}
 * @param outcome       what becomes of it
 * @param listener      the one it comes to
 * @param virtualHost   empty for none, and on a TCP listener
 * @param passedBy      the routes that were asked before the one that takes it, in order
 * @param route         the one that takes it; empty for none, and on a TCP listener
 * @param clusters      where it may go, copies aside
 * @param configuration where all of this comes from: a file, a version
 */
public record Explanation(
    String request, Outcome outcome, ListenerView listener, Optional<HostView> virtualHost, List<PassedByView> passedBy,
    Optional<RouteView> route, List<ClusterView> clusters, String configuration) {

    /** What a request ends with. */
    public enum Kind {
        /** An upstream's answer. */
        CLUSTER,
        /** An answer that its route gives. */
        REPLY,
        /** The place where it is sent. */
        REDIRECT,
        /** What a browser may do. */
        PREFLIGHT,
        /** A failure. */
        REFUSED;

        /** As it stands in JSON. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What becomes of a request, as far as that is known before it is made.
     *
     * @param status   where the sidecar answers itself; empty where an upstream does
     * @param flag     of a failure, as in the access log
     * @param location of a redirect
     * @param sentence all of it for people
     */
    public record Outcome(Kind kind, Optional<Integer> status, Optional<String> flag, Optional<String> location, String sentence) {

        /** Whether it gets what its route has for it. */
        public boolean isServed() {
            return kind != Kind.REFUSED;
        }
    }

    /**
     * A listener.
     *
     * @param address  where it is bound, or would be
     * @param protocol {@code http} or {@code tcp}
     * @param clients  whom it accepts
     */
    public record ListenerView(String name, String address, String protocol, String clients) {}

    /** @param matchedBy which of its hosts it was */
    public record HostView(String name, String matchedBy) {}

    /**
     * A route that did not take the request.
     *
     * @param at       where it is written: file, line and column; empty where it came from no file
     * @param subject  what of the request was looked at, such as {@code path} or {@code header x-canary}
     * @param found    what it is, quoted, or {@code absent}
     * @param expected what it must be, in the words of the configuration
     */
    public record PassedByView(String name, Optional<String> at, String subject, String found, String expected) {}

    /**
     * The route that takes the request.
     *
     * @param table    its route table
     * @param match    all that it asks for
     * @param settings what holds for the request, in the order in which it matters
     */
    public record RouteView(String name, String table, Optional<String> at, String match, List<Setting> settings) {}

    /** One thing that holds, such as {@code timeout}, {@code 15s for all tries}. */
    public record Setting(String name, String value) {}

    /**
     * A cluster that the request may go to.
     *
     * @param share of such requests; empty where it gets all of them
     */
    public record ClusterView(String name, Optional<String> share, String balancer, List<Setting> settings, List<EndpointView> endpoints) {}

    /**
     * An endpoint.
     *
     * @param health   {@code healthy}, or what speaks against it
     * @param circuit  of its breaker; {@code none} without one
     * @param identity which it must prove to have; {@code plaintext} for none
     * @param usable   whether it may get this request now
     */
    public record EndpointView(String address, int weight, String health, String circuit, int inFlight, String identity, boolean usable) {}
}
