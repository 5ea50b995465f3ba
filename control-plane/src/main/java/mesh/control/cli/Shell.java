package mesh.control.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import mesh.model.Address;
import mesh.model.Durations;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line, ready to execute: our types are read as in configuration files, and errors are one line. Exit codes: 0 done, 1 it
 * could not be done, 2 it was asked for in a way that makes no sense.
 */
public final class Shell {

    private Shell() {}

    public static CommandLine of(Object root) {
        CommandLine shell = new CommandLine(root);
        everyVersion(shell, shell.getCommandSpec().version());
        return shell
            .registerConverter(Address.class, reading(Address::parse))
            .registerConverter(Duration.class, reading(Durations::parse))
            .registerConverter(Instant.class, reading(text -> PointInTime.parse(text, InstantSource.system(), ZoneId.systemDefault())))
            .registerConverter(SpiffeId.class, reading(SpiffeId::parse))
            .registerConverter(TrustDomain.class, reading(TrustDomain::new))
            .setParameterExceptionHandler((thrown, words) -> explain(thrown))
            .setExecutionExceptionHandler((thrown, command, parsed) -> {
                command.getErr().println("mesh: " + message(thrown));
                return 1;
            });
    }

    private static int explain(ParameterException thrown) {
        CommandLine command = thrown.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("mesh: " + thrown.getMessage());
        UnmatchedArgumentException.printSuggestions(thrown, err);
        boolean incomplete = !command.getSubcommands().isEmpty() && !(thrown instanceof UnmatchedArgumentException);
        if (incomplete) {
            command.usage(err);
        } else {
            err.println("Try `" + command.getCommandSpec().qualifiedName() + " --help`.");
        }
        return 2;
    }

    private static void everyVersion(CommandLine command, String[] version) {
        command.getCommandSpec().version(version);
        command.getSubcommands().values().forEach(each -> everyVersion(each, version));
    }

    /** What the user is told: an expected failure by its message alone, anything else with its kind. */
    static String message(Exception thrown) {
        if (thrown instanceof FileSystemException file) {
            return file.getFile() + ": " + reason(file);
        }
        return thrown instanceof CommandFailure || thrown instanceof IOException ? thrown.getMessage() : thrown.toString();
    }

    /** The JDK says some of them by the class alone. */
    private static String reason(FileSystemException thrown) {
        if (thrown instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (thrown instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (thrown instanceof FileAlreadyExistsException) {
            return "a file is in the way (expected: a directory, or nothing)";
        }
        return thrown.getReason() == null ? "cannot be used" : thrown.getReason();
    }

    private static <T> ITypeConverter<T> reading(ITypeConverter<T> parse) {
        return text -> {
            try {
                return parse.convert(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        };
    }
}
