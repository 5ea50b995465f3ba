package mesh.control.cli;

import picocli.CommandLine.Command;

/** {@code mesh control-plane …}. */
@Command(
    name = "control-plane",
    description = "Runs the control plane.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {StartCommand.class})
final class ControlPlaneCommand {}
