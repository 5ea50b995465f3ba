package mesh.proxy.cli;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import mesh.proxy.intercept.Cidr;
import mesh.proxy.intercept.Interception;
import mesh.proxy.intercept.NumberRange;
import mesh.proxy.intercept.Selection;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Which connections {@code mesh intercept} is about. Each list is separated by commas, and the last word of an option counts. */
final class InterceptOptions {

    private static final String ALL = "all";
    private static final String NONE = "none";

    @Option(names = "--outbound-port", paramLabel = "PORT", defaultValue = "15001",
        description = "where the sidecar takes outbound connections; default: ${DEFAULT-VALUE}")
    private String outboundPort;

    @Option(names = "--inbound-port", paramLabel = "PORT", defaultValue = "15006",
        description = "where it takes inbound ones; default: ${DEFAULT-VALUE}")
    private String inboundPort;

    @Option(names = "--proxy-uid", paramLabel = "UID,…", defaultValue = "1337",
        description = "users that the sidecar runs as, left alone; default: ${DEFAULT-VALUE}")
    private String proxyUids;

    @Option(names = "--proxy-gid", paramLabel = "GID,…", defaultValue = NONE, description = "groups that it runs as, left alone; default: ${DEFAULT-VALUE}")
    private String proxyGids;

    @Option(names = "--include-outbound-ports", paramLabel = "PORT,…", defaultValue = ALL,
        description = "intercept calls to these, all or none; beside --include-outbound-cidrs, calls to either; default: ${DEFAULT-VALUE}")
    private String outboundPorts;

    @Option(names = "--exclude-outbound-ports", paramLabel = "PORT,…", defaultValue = NONE, description = "not calls to these, such as 5432,9000-9010")
    private String notOutboundPorts;

    @Option(names = "--include-outbound-cidrs", paramLabel = "CIDR,…", defaultValue = ALL,
        description = "intercept calls to these addresses, all or none; default: ${DEFAULT-VALUE}")
    private String outboundCidrs;

    @Option(names = "--exclude-outbound-cidrs", paramLabel = "CIDR,…", defaultValue = NONE,
        description = "not calls to these addresses, such as 169.254.169.254,fd00::/8")
    private String notOutboundCidrs;

    @Option(names = "--include-uids", paramLabel = "UID,…", defaultValue = ALL, description = "intercept these users' calls; default: ${DEFAULT-VALUE}")
    private String uids;

    @Option(names = "--exclude-uids", paramLabel = "UID,…", defaultValue = NONE, description = "not these users' calls")
    private String notUids;

    @Option(names = "--exclude-gids", paramLabel = "GID,…", defaultValue = NONE, description = "not these groups' calls")
    private String notGids;

    @Option(names = "--include-inbound-ports", paramLabel = "PORT,…", defaultValue = ALL,
        description = "intercept what comes in to these, all or none; default: ${DEFAULT-VALUE}")
    private String inboundPorts;

    @Option(names = "--exclude-inbound-ports", paramLabel = "PORT,…", defaultValue = "22,9090,15021",
        description = "not what comes in to these: by default ssh, and the sidecar's metrics and health; default: ${DEFAULT-VALUE}")
    private String notInboundPorts;

    @Option(names = "--include-interfaces", paramLabel = "NAME,…", defaultValue = ALL,
        description = "intercept what comes in and goes out by these; default: ${DEFAULT-VALUE}")
    private String interfaces;

    @Option(names = "--exclude-interfaces", paramLabel = "NAME,…", defaultValue = NONE, description = "not what comes in and goes out by these")
    private String notInterfaces;

    @Option(names = "--outbound-interfaces", paramLabel = "NAME,…", defaultValue = NONE,
        description = "what comes in by these is outbound: a workload in a virtual machine or a container is behind them")
    private String outboundInterfaces;

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    /** @throws ParameterException naming the option, its word and what was expected */
    Interception interception() {
        return new Interception(port("--outbound-port", outboundPort), port("--inbound-port", inboundPort),
            list("--proxy-uid", proxyUids, InterceptOptions::id), list("--proxy-gid", proxyGids, InterceptOptions::id),
            selection("outbound-ports", outboundPorts, notOutboundPorts, InterceptOptions::ports),
            selection("outbound-cidrs", outboundCidrs, notOutboundCidrs, Cidr::parse),
            selection("uids", uids, notUids, InterceptOptions::id), list("--exclude-gids", notGids, InterceptOptions::id),
            selection("inbound-ports", inboundPorts, notInboundPorts, InterceptOptions::ports),
            selection("interfaces", interfaces, notInterfaces, Interception::checkedInterface),
            list("--outbound-interfaces", outboundInterfaces, Interception::checkedInterface));
    }

    private static NumberRange id(String text) {
        return NumberRange.parse(text, 0, NumberRange.LAST_ID);
    }

    private static NumberRange ports(String text) {
        return NumberRange.parse(text, 1, NumberRange.LAST_PORT);
    }

    private int port(String option, String text) {
        NumberRange range = read(option, text, InterceptOptions::ports);
        if (range.first() != range.last()) throw usage(option, "\"" + text + "\" (expected: one port)");
        return (int) range.first();
    }

    private <T> Selection<T> selection(String what, String included, String excluded, Function<String, T> parse) {
        return new Selection<>(included.equals(ALL) ? Optional.empty() : Optional.of(list("--include-" + what, included, parse)),
            list("--exclude-" + what, excluded, parse));
    }

    private <T> List<T> list(String option, String text, Function<String, T> parse) {
        return text.equals(NONE) ? List.of() : Stream.of(text.split(",", -1)).map(each -> read(option, each, parse)).toList();
    }

    private <T> T read(String option, String text, Function<String, T> parse) {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw usage(option, e.getMessage());
        }
    }

    private ParameterException usage(String option, String message) {
        return new ParameterException(spec.commandLine(), option + ": " + message);
    }
}
