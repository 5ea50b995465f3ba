package mesh.control.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Iterator;
import java.util.concurrent.Callable;
import mesh.v1.BackupPart;
import mesh.v1.BackupRequest;
import mesh.v1.BackupServiceGrpc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh backup}. */
@Command(
    name = "backup",
    description = "Writes everything a running control plane keeps into a file: configuration and history, the authority with its keys, tokens, bans,"
        + " the issue log.",
    mixinStandardHelpOptions = true)
final class BackupCommand implements Callable<Integer> {

    @Mixin
    private Client client;

    @Parameters(paramLabel = "FILE", description = "is made, and only its owner may read it; must not exist")
    private Path file;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        boolean whole = false;
        try (OutputStream out = create()) {
            long records = client.with(channel -> {
                Iterator<BackupPart> parts = client.bounded(BackupServiceGrpc.newBlockingStub(channel)).backup(BackupRequest.getDefaultInstance());
                return write(parts, out);
            });
            whole = true;
            spec.commandLine().getOut().println(file + ": " + records + " records");
            return 0;
        } finally {
            if (!whole) {
                Files.deleteIfExists(file);
            }
        }
    }

    private OutputStream create() throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.newOutputStream(file, StandardOpenOption.WRITE);
    }

    private long write(Iterator<BackupPart> parts, OutputStream out) {
        while (parts.hasNext()) {
            BackupPart part = parts.next();
            try {
                part.writeDelimitedTo(out);
            } catch (IOException e) {
                throw new CommandFailure(file + ": " + Shell.message(e));
            }
            if (part.hasEnd()) {
                return part.getEnd().getRecords();
            }
        }
        throw new CommandFailure("the control plane sent no end (expected: a whole backup); try again");
    }
}
