package mesh.control.cli;

import java.io.PrintWriter;
import java.time.Instant;
import mesh.model.SpiffeId;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.CreateJoinTokenResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh token …}. */
@Command(
    name = "token",
    description = "Makes join tokens.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {TokenCommand.Create.class})
final class TokenCommand {

    /** {@code mesh token create}. */
    @Command(
        name = "create",
        description = "Makes a one-use token with which a workload asks for its first certificate.",
        mixinStandardHelpOptions = true)
    static final class Create implements Runnable {

        @Mixin
        private Client client;

        @Option(names = "--id", required = true, paramLabel = "SPIFFE-ID",
            description = "the one identity it is good for, such as spiffe://mesh.local/payments")
        private SpiffeId id;

        @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
        private Output output;

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            CreateJoinTokenResponse token = client.call(admin ->
                admin.createJoinToken(CreateJoinTokenRequest.newBuilder().setSpiffeId(id.toString()).build()));
            PrintWriter out = spec.commandLine().getOut();
            if (output == Output.json) {
                out.println(Output.json(token));
                return;
            }
            out.println("token    " + token.getToken());
            out.println("ca pin   " + token.getCaPin());
            out.println("expires  " + Instant.ofEpochSecond(token.getExpiresAt().getSeconds()));
        }
    }
}
