package mesh.control.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import mesh.control.backup.Backup;
import mesh.control.etcd.EtcdLogs;
import mesh.control.etcd.EtcdOptions;
import mesh.control.journal.DirectoryFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh restore}: without a control plane, which is started on the result. */
@Command(
    name = "restore",
    description = "Puts a backup into an empty store, from which control planes are then started; also one of the other kind.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RestoreCommand implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", description = "as mesh backup wrote it")
    private Path file;

    @Option(names = "--data-dir", paramLabel = "DIR", defaultValue = "mesh-data", description = "of the embedded store (default: ${DEFAULT-VALUE})")
    private Path dataDir;

    @Mixin
    private StoreOptions store = new StoreOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Optional<EtcdOptions> etcd;
        try {
            etcd = store.options();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        try (InputStream backup = new BufferedInputStream(Files.newInputStream(file))) {
            long records = etcd.isPresent() ? restoreTo(etcd.get(), backup) : restoreTo(dataDir, backup);
            spec.commandLine().getOut().println(file + ": " + records + " records restored");
            return 0;
        } catch (IOException e) {
            throw new CommandFailure(file + ": not restored: " + Shell.message(e));
        }
    }

    private static long restoreTo(Path dir, InputStream backup) throws IOException {
        try (DirectoryFiles files = DirectoryFiles.open(dir)) {
            return Backup.restore(backup, files);
        }
    }

    private static long restoreTo(EtcdOptions cluster, InputStream backup) throws IOException {
        try (EtcdLogs logs = EtcdLogs.open(cluster)) {
            return Backup.restore(backup, logs);
        }
    }
}
