package mesh.proxy.cli;

import java.io.IOException;
import java.time.Duration;
import mesh.model.Address;
import mesh.model.Durations;
import mesh.model.Locality;
import mesh.model.TrustDomain;
import mesh.proxy.admin.AppProbe;
import mesh.proxy.intercept.Backend;
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
            .registerConverter(Locality.class, reading(Locality::parse))
            .registerConverter(TrustDomain.class, reading(TrustDomain::new))
            .registerConverter(AccessLogFlag.class, reading(AccessLogFlag::parse))
            .registerConverter(AppProbe.class, reading(AppProbe::parse))
            .registerConverter(Backend.class, reading(Backend::parse))
            .registerConverter(LogLevel.class, reading(LogLevel::parse))
            .setParameterExceptionHandler((wrong, words) -> {
                CommandLine command = wrong.getCommandLine();
                command.getErr().println("mesh: " + wrong.getMessage() + " (see " + command.getCommandSpec().qualifiedName() + " --help)");
                return command.getCommandSpec().exitCodeOnInvalidInput();
            })
            .setExecutionExceptionHandler((thrown, command, parsed) -> {
                command.getErr().println("mesh: " + (thrown instanceof IOException ? thrown.getMessage() : thrown.toString()));
                return 1;
            });
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
