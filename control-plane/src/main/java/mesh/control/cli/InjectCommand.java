package mesh.control.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import mesh.control.inject.Manifests;
import mesh.control.inject.SidecarInjector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code mesh inject}: what the webhook does, for manifests in a file. */
@Command(
    name = "inject",
    description = {"Puts sidecars into the workloads of Kubernetes manifests and prints them, as the webhook would into their pods.", ""},
    footer = {"", "Exit codes: 0 printed, 1 a workload asks for what cannot be or a file cannot be read, 2 wrong usage.", "", "Example:",
        "  mesh inject -f shop.yaml --ca-pin sha256:… | kubectl apply -f -"},
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true)
final class InjectCommand implements Callable<Integer> {

    @Option(names = {"-f", "--filename"}, required = true, paramLabel = "FILE",
        description = "manifests, YAML or JSON, any number in one; - for standard input")
    private String file;

    @Option(names = "--ca-pin", required = true, paramLabel = "sha256:HEX",
        description = "by which sidecars know the control plane, as mesh token create prints it; a rotated root has another")
    private String caPin;

    @Mixin
    private SidecarOptions sidecar = new SidecarOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!caPin.matches("sha256:[0-9a-fA-F]{64}")) {
            throw new ParameterException(spec.commandLine(), "--ca-pin: \"" + caPin + "\" (expected: sha256: and 64 hexadecimal digits)");
        }
        Manifests manifests = new Manifests(new SidecarInjector(sidecar.settings(() -> caPin)));
        String text = file.equals("-") ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : Files.readString(Path.of(file));
        String injected = manifests.inject(text, file);
        PrintWriter err = spec.commandLine().getErr();
        manifests.notes().forEach(err::println);
        manifests.problems().forEach(each -> err.println("mesh: " + each));
        if (!manifests.problems().isEmpty()) {
            return 1;
        }
        spec.commandLine().getOut().print(injected);
        spec.commandLine().getOut().flush();
        return 0;
    }
}
