package mesh.control.cli;

import com.google.protobuf.Timestamp;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import mesh.v1.Authority;
import mesh.v1.BanRequest;
import mesh.v1.CaStatus;
import mesh.v1.GetCaStatusRequest;
import mesh.v1.IssueLogHead;
import mesh.v1.RotateCaRequest;
import mesh.v1.RotationStep;
import mesh.v1.UnbanRequest;
import mesh.v1.VerifyIssueLogRequest;
import mesh.v1.VerifyIssueLogResponse;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code mesh ca …}. */
@Command(
    name = "ca",
    description = "Shows and rotates the certificate authority, bans identities, verifies the log of what was issued.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {CaCommand.Status.class, CaCommand.Rotate.class, CaCommand.Ban.class, CaCommand.Unban.class, CaCommand.Log.class})
final class CaCommand {

    private CaCommand() {}

    /** What all of them answer with. */
    private static void print(CaStatus status, Output output, PrintWriter out) {
        if (output == Output.json) {
            out.println(Output.json(status));
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("AUTHORITY", "STATE", "ROOT UNTIL", "INTERMEDIATE UNTIL", "LIVE", "PIN"));
        for (int i = 0; i < status.getAuthoritiesCount(); i++) {
            Authority each = status.getAuthorities(i);
            String other = status.getPhase().equals("distributing") ? "next" : "before";
            rows.add(List.of(Integer.toString(each.getNumber()), i == 0 ? "signs" : other, time(each.getRootNotAfter()),
                each.hasIntermediateNotAfter() ? time(each.getIntermediateNotAfter()) : "none",
                Integer.toString(each.getLiveCertificates()), each.getPin()));
        }
        out.print(Output.table(rows));
        out.println("\ntrust domain " + status.getTrustDomain() + ", rotation " + status.getPhase() + ", keys "
            + (status.getKeysEncrypted() ? "encrypted" : "NOT encrypted") + ", issue log " + status.getIssueLog().getNumber() + ":"
            + status.getIssueLog().getHash());
        status.getBlockersList().forEach(each -> out.println("the next step is blocked: "
            + (each.getNode().isEmpty() ? each.getSpiffeId() : each.getNode() + " (" + each.getSpiffeId() + ")") + " " + each.getReason()));
        status.getBansList().forEach(each -> out.println("banned: "
            + (each.getSpiffeId().isEmpty() ? "serial " + each.getSerial() : each.getSpiffeId())
            + ", by " + each.getBy() + " at " + time(each.getAt()) + (each.getReason().isEmpty() ? "" : ": " + each.getReason())));
        out.flush();
    }

    private static String time(Timestamp at) {
        return Instant.ofEpochSecond(at.getSeconds()).toString();
    }

    /** {@code mesh ca status}. */
    @Command(
        name = "status",
        description = "Shows the authorities, how far a rotation is and what its next step waits for, and who is banned.",
        mixinStandardHelpOptions = true)
    static final class Status implements Runnable {

        @Mixin
        private Client client;

        @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
        private Output output;

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            print(client.callCa(ca -> ca.getCaStatus(GetCaStatusRequest.getDefaultInstance())), output, spec.commandLine().getOut());
        }
    }

    /** As they are typed. */
    enum Step {
        distribute(RotationStep.ROTATION_STEP_DISTRIBUTE),
        issue(RotationStep.ROTATION_STEP_ISSUE),
        retire(RotationStep.ROTATION_STEP_RETIRE),
        abort(RotationStep.ROTATION_STEP_ABORT);

        private final RotationStep message;

        Step(RotationStep message) {
            this.message = message;
        }
    }

    /** {@code mesh ca rotate}: one step. */
    @Command(
        name = "rotate",
        description = {
            "Takes one step from one root to the next. A step out of order, or before its time, changes nothing and says what it waits for.",
            "  distribute  every sidecar trusts the next root as well",
            "  issue       the next root signs; needs every connected sidecar to have acknowledged it",
            "  retire      the root before is forgotten; needs every certificate of it to be out of use",
            "  abort       instead of issue: back to where it began"},
        mixinStandardHelpOptions = true)
    static final class Rotate implements Runnable {

        @Mixin
        private Client client;

        @Parameters(paramLabel = "STEP", description = "distribute, issue, retire or abort")
        private Step step;

        @Option(names = "-o", paramLabel = "FORM", defaultValue = "table", description = "table or json (default: ${DEFAULT-VALUE})")
        private Output output;

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            print(client.callCa(ca -> ca.rotateCa(RotateCaRequest.newBuilder().setStep(step.message).build())), output, spec.commandLine().getOut());
        }
    }

    /** Exactly one of the two. */
    static final class Whom {

        @Option(names = "--id", required = true, paramLabel = "SPIFFE-ID", description = "every certificate of this identity, those to come as well")
        private String id = "";

        @Option(names = "--serial", required = true, paramLabel = "HEX", description = "one certificate, by its serial number")
        private String serial = "";
    }

    /** {@code mesh ca ban}. */
    @Command(
        name = "ban",
        description = "Refuses an identity or a certificate everywhere, and cuts the connections it has.",
        mixinStandardHelpOptions = true)
    static final class Ban implements Runnable {

        @Mixin
        private Client client;

        @ArgGroup(multiplicity = "1")
        private Whom whom;

        @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "for the log and for people")
        private String reason;

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            print(client.callCa(ca -> ca.ban(BanRequest.newBuilder().setSpiffeId(whom.id).setSerial(whom.serial).setReason(reason).build())),
                Output.table, spec.commandLine().getOut());
        }
    }

    /** {@code mesh ca unban}. */
    @Command(name = "unban", description = "Ends a ban.", mixinStandardHelpOptions = true)
    static final class Unban implements Runnable {

        @Mixin
        private Client client;

        @ArgGroup(multiplicity = "1")
        private Whom whom;

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            print(client.callCa(ca -> ca.unban(UnbanRequest.newBuilder().setSpiffeId(whom.id).setSerial(whom.serial).build())),
                Output.table, spec.commandLine().getOut());
        }
    }

    /** {@code mesh ca log}. */
    @Command(
        name = "log",
        description = "The log of what was issued and changed.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {Verify.class})
    static final class Log {}

    /** {@code mesh ca log verify}. */
    @Command(
        name = "verify",
        description = "Reads the log from the control plane's disk and checks each line against the one before. Exit code 1 when something is wrong.",
        mixinStandardHelpOptions = true)
    static final class Verify implements Callable<Integer> {

        @Mixin
        private Client client;

        @Option(names = "--head", paramLabel = "NUMBER:HASH", converter = HeadReader.class,
            description = "a line that must still be there, as mesh ca status printed it: a log that was cut short is whole in itself")
        private IssueLogHead head;

        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() {
            VerifyIssueLogRequest.Builder request = VerifyIssueLogRequest.newBuilder();
            if (head != null) {
                request.setExpected(head);
            }
            VerifyIssueLogResponse response = client.callCa(ca -> ca.verifyIssueLog(request.build()));
            if (!response.getProblem().isEmpty()) {
                spec.commandLine().getErr().println("mesh: issue log: " + response.getProblem());
                return 1;
            }
            spec.commandLine().getOut().println("good: " + response.getHead().getNumber() + " lines, head " + response.getHead().getNumber() + ":"
                + response.getHead().getHash());
            return 0;
        }
    }

    /** {@code 17:af…}. */
    static final class HeadReader implements ITypeConverter<IssueLogHead> {
        @Override
        public IssueLogHead convert(String text) {
            String[] parts = text.split(":");
            if (parts.length != 2 || !parts[0].matches("[0-9]{1,18}") || !parts[1].matches("[0-9a-f]{64}")) {
                throw new TypeConversionException("\"" + text + "\" (expected: NUMBER:HASH, as mesh ca status prints it)");
            }
            return IssueLogHead.newBuilder().setNumber(Long.parseLong(parts[0])).setHash(parts[1]).build();
        }
    }
}
