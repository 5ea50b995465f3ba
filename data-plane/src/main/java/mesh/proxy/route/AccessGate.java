package mesh.proxy.route;

import java.util.List;
import java.util.stream.Collectors;
import mesh.model.AccessPolicy;
import mesh.model.AccessPolicy.Action;
import mesh.model.PeerMatch;
import mesh.model.SpiffeId;
import mesh.proxy.http.Octets;
import mesh.proxy.http.RequestHead;

/** Who may ask a listener what. It sees the path that is routed and forwarded. Any event loop; a request allocates nothing but for an expression. */
public final class AccessGate {

    private final Rules enforced;
    private final Rules dryRun;
    private final boolean looksAtPaths;

    private AccessGate(List<AccessPolicy> policies) {
        enforced = new Rules(policies.stream().filter(each -> !each.dryRun()).toList());
        dryRun = new Rules(policies.stream().filter(AccessPolicy::dryRun).toList());
        looksAtPaths = policies.stream().anyMatch(each -> !each.dryRun() && !each.paths().isEmpty());
    }

    /** Null where there are no policies. */
    public static AccessGate of(List<AccessPolicy> policies) {
        return policies.isEmpty() ? null : new AccessGate(policies);
    }

    /**
     * Which policy refuses a request.
     *
     * @param peer null for one that has proved nothing
     * @return its name; those of all that allow something where none allows this; null when it may pass
     */
    public String refusal(RequestHead head, SpiffeId peer) {
        return enforced.refusal(head, peer);
    }

    /** Which policy would refuse it, if those that are only tried were in force; as above. */
    public String wouldRefuse(RequestHead head, SpiffeId peer) {
        return dryRun.refusal(head, peer);
    }

    /**
     * Whether an application may take the path for another than the one that policies see: by an escape that means what stands for itself, a
     * slash or a backslash, by an empty segment, or by parameters behind a semicolon. Only asked where a policy looks at paths.
     */
    public boolean isAmbiguous(RequestHead head) {
        if (!looksAtPaths) return false;
        byte[] text = head.text();
        int end = head.targetStart() + head.pathLength();
        for (int i = head.targetStart(); i < end; i++) {
            byte b = text[i];
            if (b == ';' || b == '/' && i + 1 < end && text[i + 1] == '/') return true;
            if (b == '%' && meansItself(Octets.hex(text[i + 1]) << 4 | Octets.hex(text[i + 2]))) return true;
        }
        return false;
    }

    /** Unreserved characters (RFC 3986 section 6.2.2.2), slashes, and what else would change how the rest is read. */
    private static boolean meansItself(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-._~/\\;%?#".indexOf(c) >= 0;
    }

    /** Policies that hold together. */
    private static final class Rules {

        private final Rule[] denying;
        private final Rule[] allowing;
        private final String nobodyAllows;

        Rules(List<AccessPolicy> policies) {
            denying = rules(policies, Action.DENY);
            allowing = rules(policies, Action.ALLOW);
            nobodyAllows = policies.stream().filter(each -> each.action() == Action.ALLOW).map(AccessPolicy::name).collect(Collectors.joining(","));
        }

        private static Rule[] rules(List<AccessPolicy> policies, Action action) {
            return policies.stream().filter(each -> each.action() == action).map(Rule::new).toArray(Rule[]::new);
        }

        String refusal(RequestHead head, SpiffeId peer) {
            for (Rule each : denying) if (each.isAbout(head, peer)) return each.name;
            for (Rule each : allowing) if (each.isAbout(head, peer)) return null;
            return allowing.length == 0 ? null : nobodyAllows;
        }
    }

    /** One policy. */
    private static final class Rule {

        private final String name;
        private final PeerMatch[] from;
        private final Condition[] paths;
        private final Condition[] all;

        Rule(AccessPolicy policy) {
            name = policy.name();
            from = policy.from().toArray(PeerMatch[]::new);
            paths = policy.paths().stream().map(PathCondition::new).toArray(Condition[]::new);
            Condition[] headers = policy.headers().stream().map(HeaderCondition::new).toArray(Condition[]::new);
            all = new Condition[headers.length + (policy.methods().isEmpty() ? 0 : 1)];
            System.arraycopy(headers, 0, all, 0, headers.length);
            if (all.length > headers.length) all[headers.length] = new MethodCondition(policy.methods());
        }

        boolean isAbout(RequestHead head, SpiffeId peer) {
            for (Condition each : all) if (!each.holds(head)) return false;
            return isFrom(peer) && isAt(head);
        }

        private boolean isFrom(SpiffeId peer) {
            if (from.length == 0) return true;
            if (peer == null) return false;
            for (PeerMatch each : from) if (each.matches(peer)) return true;
            return false;
        }

        private boolean isAt(RequestHead head) {
            if (paths.length == 0) return true;
            for (Condition each : paths) if (each.holds(head)) return true;
            return false;
        }
    }
}
