package mesh.control.cli;

import mesh.control.up.UpCommand;
import picocli.CommandLine.Command;

/** The root command. A command without a subcommand shows its help, and that is a usage error. */
@Command(
    name = "mesh",
    description = "The service mesh's control plane, and its operators' tools.",
    mixinStandardHelpOptions = true,
    version = "mesh 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ControlPlaneCommand.class, ProxyStatusCommand.class, ProxyConfigCommand.class, CheckCommand.class, BootstrapCommand.class,
        ConfigCommand.class, TokenCommand.class, CertificateCommand.class, CaCommand.class, BackupCommand.class, RestoreCommand.class,
        InjectCommand.class, UpCommand.class})
public final class MeshCommand {}
