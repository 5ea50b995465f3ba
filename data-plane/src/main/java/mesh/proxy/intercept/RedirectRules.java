package mesh.proxy.intercept;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The rules of one family for an {@link Interception}, each as {@code iptables-save} prints it, so that what is there can be compared with them.
 *
 * <pre>
 *   PREROUTING > MESH_PREROUTING > MESH_INBOUND > MESH_IN_REDIRECT: to the inbound port
 *                                > MESH_OUTBOUND                      for the interfaces of workloads behind this host
 *   OUTPUT     > MESH_OUTPUT     > MESH_OUTBOUND > MESH_REDIRECT:    to the outbound port
 *                                > MESH_INBOUND                       the sidecar called its own workload
 * </pre>
 */
final class RedirectRules {

    /** A {@code multiport} match takes so many ports, and a range is two of them. */
    private static final int PORTS_A_RULE = 15;

    private final Interception wanted;
    private final IpFamily family;
    private final Map<String, List<String>> chains = new LinkedHashMap<>();

    private RedirectRules(Interception wanted, IpFamily family) {
        this.wanted = wanted;
        this.family = family;
    }

    static NatTable of(Interception wanted, IpFamily family) {
        RedirectRules rules = new RedirectRules(wanted, family);
        rules.inbound();
        rules.inRedirect();
        rules.outbound();
        rules.output();
        rules.prerouting();
        rules.redirect();
        return new NatTable(rules.chains, rules.jumps());
    }

    private void inbound() {
        List<String> chain = chain("INBOUND");
        ports(wanted.inboundPorts().excluded()).forEach(ports -> chain.add(ports + " -j RETURN"));
        wanted.inboundPorts().included().ifPresentOrElse(
            included -> ports(included).forEach(ports -> chain.add(ports + " -j MESH_IN_REDIRECT")),
            () -> chain.add("-j MESH_IN_REDIRECT"));
    }

    private void inRedirect() {
        chain("IN_REDIRECT").add("-p tcp -j REDIRECT --to-ports " + wanted.inboundPort());
    }

    private void outbound() {
        List<String> chain = chain("OUTBOUND");
        ports(wanted.outboundPorts().excluded()).forEach(ports -> chain.add(ports + " -j RETURN"));
        blocks(wanted.outboundCidrs().excluded()).forEach(block -> chain.add(block + "-j RETURN"));
        Optional<List<NumberRange>> ports = wanted.outboundPorts().included();
        Optional<List<Cidr>> blocks = wanted.outboundCidrs().included();
        if (ports.isEmpty() && blocks.isEmpty()) chain.add("-j MESH_REDIRECT");
        ports(ports.orElse(List.of())).forEach(each -> chain.add(each + " -j MESH_REDIRECT"));
        blocks(blocks.orElse(List.of())).forEach(each -> chain.add(each + "-j MESH_REDIRECT"));
    }

    private void output() {
        List<String> chain = chain("OUTPUT");
        chain.add("-s " + family.inboundSource() + " -o lo -j RETURN");
        // A sidecar that calls an address of its own host calls its own workload, which is to get no less than others get.
        owners().forEach(owner -> chain.add("! -d " + family.loopback() + " -o lo " + owner + " -j MESH_INBOUND"));
        owners().forEach(owner -> chain.add(owner + " -j RETURN"));
        chain.add("-o lo -j RETURN");
        wanted.interfaces().excluded().forEach(name -> chain.add("-o " + name + " -j RETURN"));
        wanted.uids().excluded().forEach(id -> chain.add(user(id) + " -j RETURN"));
        wanted.excludedGids().forEach(id -> chain.add(group(id) + " -j RETURN"));
        wanted.uids().included().ifPresentOrElse(
            included -> included.forEach(id -> chain.add(user(id) + " -j MESH_OUTBOUND")),
            () -> chain.add("-j MESH_OUTBOUND"));
    }

    private void prerouting() {
        List<String> chain = chain("PREROUTING");
        wanted.interfaces().excluded().forEach(name -> chain.add("-i " + name + " -j RETURN"));
        wanted.outboundInterfaces().forEach(name -> {
            chain.add("-i " + name + " -j MESH_OUTBOUND");
            chain.add("-i " + name + " -j RETURN");
        });
        // What this host only forwards, to containers for instance, is not its workload's.
        chain.add("-m addrtype --dst-type LOCAL -j MESH_INBOUND");
    }

    private void redirect() {
        chain("REDIRECT").add("-p tcp -j REDIRECT --to-ports " + wanted.outboundPort());
    }

    private List<String> jumps() {
        List<String> jumps = new ArrayList<>();
        Optional<List<String>> only = wanted.interfaces().included();
        if (only.isEmpty()) {
            jumps.add("-A PREROUTING -p tcp -j MESH_PREROUTING");
            jumps.add("-A OUTPUT -p tcp -j MESH_OUTPUT");
            return jumps;
        }
        Stream.concat(only.get().stream(), wanted.outboundInterfaces().stream()).distinct()
            .forEach(name -> jumps.add("-A PREROUTING -i " + name + " -p tcp -j MESH_PREROUTING"));
        Stream.concat(Stream.of("lo"), only.get().stream()).distinct()
            .forEach(name -> jumps.add("-A OUTPUT -o " + name + " -p tcp -j MESH_OUTPUT"));
        return jumps;
    }

    private List<String> chain(String name) {
        List<String> rules = new ArrayList<>();
        chains.put(NatTable.PREFIX + name, rules);
        return rules;
    }

    private Stream<String> owners() {
        return Stream.concat(wanted.proxyUids().stream().map(RedirectRules::user), wanted.proxyGids().stream().map(RedirectRules::group));
    }

    private static String user(NumberRange ids) {
        return "-m owner --uid-owner " + ids.text('-');
    }

    private static String group(NumberRange ids) {
        return "-m owner --gid-owner " + ids.text('-');
    }

    private static List<String> ports(List<NumberRange> ports) {
        List<String> matches = new ArrayList<>();
        StringBuilder match = new StringBuilder();
        int taken = 0;
        for (NumberRange range : ports) {
            int slots = range.first() == range.last() ? 1 : 2;
            if (taken + slots > PORTS_A_RULE) {
                matches.add(match.toString());
                taken = 0;
            }
            if (taken == 0) match = new StringBuilder("-p tcp -m multiport --dports ");
            else match.append(',');
            match.append(range.text(':'));
            taken += slots;
        }
        if (taken > 0) matches.add(match.toString());
        return matches;
    }

    /** Those of this family, each with a space behind it; every address needs no match. */
    private Stream<String> blocks(List<Cidr> blocks) {
        return blocks.stream().filter(block -> block.family() == family).map(block -> block.bits() == 0 ? "" : "-d " + block.text() + " ");
    }
}
