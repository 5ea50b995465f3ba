package mesh.proxy.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import mesh.proxy.intercept.Backend;
import mesh.proxy.intercept.InterceptException;
import mesh.proxy.intercept.IpFamily;
import mesh.proxy.intercept.Programs;
import mesh.proxy.intercept.RuleInstaller;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** {@code mesh intercept}: the rules that send every TCP connection of a pod or a host through its sidecar. */
@Command(
    name = "intercept",
    description = {"Sends the TCP connections of this pod or host through its sidecar, by rules in chains of its own (MESH_…) of the nat tables.", ""},
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {InterceptCommand.Install.class, InterceptCommand.Remove.class, InterceptCommand.Check.class})
final class InterceptCommand {

    /** Of the process: may it write the packet filter's tables? Linux's capability numbers. */
    private static final int NET_ADMIN = 12;
    private static final int NET_RAW = 13;

    /** Which tables. */
    static final class Tables {

        @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "auto, nft or legacy; auto is the one that is in use, or else this system's own; default: ${DEFAULT-VALUE}")
        private Backend backend;

        @Option(names = "--no-ipv6", description = "leave IPv6 alone; default: it is intercepted where the kernel has it")
        private boolean noIpv6;

        @Spec(Target.MIXEE)
        private CommandSpec spec;

        private RuleInstaller installer() {
            boolean ipv6 = !noIpv6 && Files.exists(Path.of("/proc/net/if_inet6"));
            return new RuleInstaller(Programs.system(), backend, ipv6 ? List.of(IpFamily.IPV4, IpFamily.IPV6) : List.of(IpFamily.IPV4));
        }

        private int failed(String message, int exitCode) {
            spec.commandLine().getErr().println("mesh: " + message);
            return exitCode;
        }

        private void tell(String line) {
            spec.commandLine().getOut().println(line);
        }
    }

    private static void checkRights() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (!line.startsWith("CapEff:")) continue;
            long held = Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16);
            long needed = 1L << NET_ADMIN | 1L << NET_RAW;
            if ((held & needed) == needed) return;
            throw new IOException("user " + System.getProperty("user.name")
                + " may not read or change the packet filter's tables (expected: root, or the capabilities NET_ADMIN and NET_RAW)");
        }
    }

    @Command(
        name = "install",
        description = {"Puts the rules in place. Those that are there already are left, others of ours make way in one step.", ""},
        footer = {"", "Exit codes: 0 the rules are in place, 1 they are not and nothing has changed, 2 wrong usage.", "", "Examples:",
            "  mesh intercept install --proxy-uid 1337", "  mesh intercept install --exclude-outbound-ports 5432 --dry-run"},
        mixinStandardHelpOptions = true,
        version = MeshCommand.VERSION,
        sortOptions = false)
    static final class Install implements Callable<Integer> {

        @Mixin
        private InterceptOptions options;

        @Mixin
        private Tables tables;

        @Option(names = "--dry-run", description = "print what iptables-restore would be given, and change nothing")
        private boolean dryRun;

        @Override
        public Integer call() {
            var wanted = options.interception();
            try {
                if (dryRun) {
                    tables.installer().print(wanted, tables::tell);
                    return 0;
                }
                checkRights();
                tables.installer().install(wanted, tables::tell);
                return 0;
            } catch (IOException | InterceptException e) {
                return tables.failed(e.getMessage(), 1);
            }
        }
    }

    @Command(
        name = "remove",
        description = {"Takes the rules away and leaves every other as it is.", ""},
        footer = {"", "Exit codes: 0 there are none any more, 1 there are, 2 wrong usage."},
        mixinStandardHelpOptions = true,
        version = MeshCommand.VERSION,
        sortOptions = false)
    static final class Remove implements Callable<Integer> {

        @Mixin
        private Tables tables;

        @Option(names = "--dry-run", description = "print what iptables-restore would be given, and change nothing")
        private boolean dryRun;

        @Override
        public Integer call() {
            try {
                checkRights();
                if (dryRun) tables.installer().printRemoval(tables::tell);
                else tables.installer().remove(tables::tell);
                return 0;
            } catch (IOException | InterceptException e) {
                return tables.failed(e.getMessage(), 1);
            }
        }
    }

    @Command(
        name = "check",
        description = {"Says whether the rules are in place as install with the same options would leave them.", ""},
        footer = {"", "Exit codes: 0 they are, 1 they are not, 2 wrong usage or it cannot be told."},
        mixinStandardHelpOptions = true,
        version = MeshCommand.VERSION,
        sortOptions = false)
    static final class Check implements Callable<Integer> {

        @Mixin
        private InterceptOptions options;

        @Mixin
        private Tables tables;

        @Override
        public Integer call() {
            var wanted = options.interception();
            try {
                checkRights();
                if (!tables.installer().check(wanted, tables::tell)) return 1;
                tables.tell("the rules are in place");
                return 0;
            } catch (IOException | InterceptException e) {
                return tables.failed(e.getMessage(), 2);
            }
        }
    }
}
