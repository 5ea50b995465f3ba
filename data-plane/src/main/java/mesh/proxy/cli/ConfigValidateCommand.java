package mesh.proxy.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import mesh.config.ConfigReader;
import mesh.config.ConfigResult;
import mesh.model.Problem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh config-validate}: every problem of every file, and nothing started. */
@Command(
    name = "config-validate",
    description = "Checks configuration files and prints every problem, and every warning, with its line and column.",
    footer = {"", "Exit codes: 0 all are valid (warnings or not), 1 there are problems, 2 wrong usage or a file cannot be read."},
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION)
final class ConfigValidateCommand implements Callable<Integer> {

    private static final int PROBLEMS = 1;
    private static final int UNREADABLE = 2;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "YAML, in the short form or the full form")
    private List<Path> files;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return files.stream().mapToInt(this::check).max().orElseThrow();
    }

    private int check(Path file) {
        PrintWriter err = spec.commandLine().getErr();
        List<Problem> warnings;
        try {
            ConfigResult result = ConfigReader.read(file);
            if (result instanceof ConfigResult.Invalid invalid) {
                invalid.problems().forEach(err::println);
                return PROBLEMS;
            }
            warnings = ((ConfigResult.Valid) result).warnings();
            warnings.forEach(err::println);
        } catch (NoSuchFileException e) {
            err.println(file + ": no such file (expected: a YAML file)");
            return UNREADABLE;
        } catch (IOException e) {
            err.println(file + ": cannot be read: " + e.getMessage() + " (expected: a YAML file)");
            return UNREADABLE;
        }
        spec.commandLine().getOut().println(file + ": valid" + counted(warnings.size()));
        return 0;
    }

    private static String counted(int warnings) {
        return warnings == 0 ? "" : warnings == 1 ? ", 1 warning" : ", " + warnings + " warnings";
    }
}
