package mesh.proxy.cli;

import picocli.CommandLine.Command;

/** {@code mesh proxy …}. */
@Command(
    name = "proxy",
    description = "The sidecar.",
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = StartCommand.class)
final class ProxyCommand {}
