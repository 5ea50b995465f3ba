package mesh.control.cli;

import java.io.IOException;
import java.time.Duration;
import mesh.model.Address;
import mesh.model.Durations;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The command line, ready to execute: our types are read as in configuration files, and errors are one line. */
public final class Shell {

    private Shell() {}

    public static CommandLine of(Object root) {
        return new CommandLine(root)
            .registerConverter(Address.class, reading(Address::parse))
            .registerConverter(Duration.class, reading(Durations::parse))
            .registerConverter(SpiffeId.class, reading(SpiffeId::parse))
            .registerConverter(TrustDomain.class, reading(TrustDomain::new))
            .setExecutionExceptionHandler((thrown, command, parsed) -> {
                command.getErr().println("mesh: " + message(thrown));
                return 1;
            });
    }

    /** What the user is told: an expected failure by its message alone, anything else with its kind. */
    private static String message(Exception thrown) {
        return thrown instanceof CommandFailure || thrown instanceof IOException ? thrown.getMessage() : thrown.toString();
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
