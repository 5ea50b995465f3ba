package mesh.proxy.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import mesh.model.Address;
import mesh.model.Durations;
import mesh.model.Locality;
import mesh.model.Problem;
import mesh.proxy.Sidecar;
import mesh.proxy.admin.AppProbe;
import mesh.proxy.discovery.FirstProof;
import mesh.proxy.downstream.InheritedSockets;
import mesh.proxy.workload.WorkloadSocket;
import mesh.time.Env;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code mesh proxy start}: the only command that boots Quarkus. */
@Command(
    name = "start",
    description = {"Runs a sidecar until SIGTERM or Ctrl-C, from a file or for a control plane.", ""},
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION,
    sortOptions = false,
    customSynopsis = {
        "mesh proxy start --config FILE [OPTION…]",
        "      mesh proxy start --control-plane HOST:PORT --workload NAME [OPTION…]"})
final class StartCommand implements Callable<Integer> {

    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(30);

    @Option(names = "--config", paramLabel = "FILE", description = "configuration in YAML; followed while it changes")
    private Path config;

    @Option(names = "--control-plane", paramLabel = "HOST:PORT", split = ",",
        description = "control plane to subscribe to, its TLS port; of replicas all, by commas or again and again: one of them is chosen by chance")
    private List<Address> controlPlane;

    @Option(names = "--workload", paramLabel = "NAME", description = "what runs beside this sidecar, such as payments")
    private String workload;

    @Option(names = "--node", paramLabel = "NAME", description = "this instance's name; default: the host's")
    private String node;

    @Option(names = "--join-token-file", paramLabel = "FILE", description = "holds the one-use token for the first certificate")
    private Path joinTokenFile;

    @Option(names = "--service-account-token-file", paramLabel = "FILE",
        description = "in place of a join token: that of the pod's Kubernetes service account, for the control plane's audience; read for each"
            + " use. The workload is then ns/NAMESPACE/sa/ACCOUNT")
    private Path serviceAccountTokenFile;

    @Option(names = "--ca-pin", paramLabel = "sha256:HEX", description = "the CA to trust at first contact, as token create prints it")
    private String caPin;

    @Option(names = "--state-dir", paramLabel = "DIR",
        description = "keeps identity and configuration over restarts; default: mesh-state/NODE")
    private Path stateDir;

    @Option(names = "--locality", paramLabel = "REGION/ZONE/SUBZONE",
        description = "where this sidecar runs, at least the region: near endpoints come first; default: the file's")
    private Locality locality;

    @Option(names = "--warm-up", paramLabel = "DURATION", defaultValue = "0s",
        description = "sends itself requests for so long before it is ready, up to 30s, so that the first ones of others find compiled code; default:"
            + " ${DEFAULT-VALUE}, not at all")
    private Duration warmUp;

    @Option(names = "--memory-budget-mib", paramLabel = "MIB",
        description = "what connections may hold of buffers and heap; near it load is shed; default: the file's, or half of the heap beyond 40 MiB")
    private Integer memoryMib;

    @Option(names = "--admin-listen", paramLabel = "HOST:PORT", description = "admin pages; default: the file's, or 127.0.0.1:15000")
    private Address adminListen;

    @Option(names = "--metrics-listen", paramLabel = "HOST:PORT", description = "/metrics; default: the file's, or :9090")
    private Address metricsListen;

    @Option(names = "--health-listen", paramLabel = "HOST:PORT", description = "/ready and /live; default: the file's, or :15021")
    private Address healthListen;

    @Option(names = "--workload-api-socket", paramLabel = "PATH",
        description = "unix socket that gives the workload its certificate and key: SPIFFE Workload API and Envoy's SDS; default: none")
    private Path workloadApiSocket;

    @Option(names = "--workload-api-uid", paramLabel = "UID", split = ",",
        description = "user ids that may ask there, beside this process's and root's; the socket is its group's as well then")
    private Set<Integer> workloadApiUids = Set.of();

    @Option(names = "--app-probe", paramLabel = "NAME=URL",
        description = "asks the application whether it is well when somebody asks for /app-health/NAME of the health listener, such as"
            + " web/readyz=http://127.0.0.1:8080/healthz; http, https, tcp or grpc://127.0.0.1:PORT/SERVICE; repeatable. For probes of a"
            + " kubelet, which has no certificate")
    private List<AppProbe> appProbes = List.of();

    @Option(names = "--access-log", arity = "0..1", fallbackValue = "true", paramLabel = "FORMAT[:FILE]",
        description = "write a line for each request: text, json or false, to standard output or a file; default: the configuration's, or false")
    private AccessLogFlag accessLog;

    @Option(names = "--concurrency", paramLabel = "N", description = "event loops; default: one a core")
    private Integer concurrency;

    @Mixin
    private HoldOptions hold;

    @Mixin
    private DrainOptions drain;

    @Option(names = "--log-level", paramLabel = "LEVEL", defaultValue = "info",
        description = "error, warn, info, debug or trace; default: ${DEFAULT-VALUE}")
    private LogLevel logLevel;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        StartOptions options = options();
        logLevel.beforeStart();
        Env env = Env.system();
        try (Sidecar sidecar = new Sidecar(env, options.concurrency()); Feed feed = Feed.of(options, sidecar, env)) {
            sidecar.adopt(InheritedSockets.descriptors(System.getenv(), ProcessHandle.current().pid()));
            sidecar.hold(options.hold().addresses(), options.hold().limit());
            sidecar.budget(options.memory());
            List<Problem> problems = feed.open();
            problems.forEach(problem -> spec.commandLine().getErr().println("mesh: " + problem));
            return problems.isEmpty() ? Serving.run(sidecar, feed, options, env.clock()) : 1;
        }
    }

    private StartOptions options() {
        if ((config == null) == (controlPlane == null)) {
            throw usage((config == null ? "neither --config nor --control-plane" : "both --config and --control-plane") + " (expected: one of them)");
        }
        int loops = concurrency == null ? Runtime.getRuntime().availableProcessors() : concurrency;
        check(loops >= 1 && loops <= 256, "--concurrency", loops, "1 to 256");
        check(memoryMib == null || memoryMib >= 1 && memoryMib <= 1 << 20, "--memory-budget-mib", memoryMib, "1 to 1048576");
        return new StartOptions(config == null ? controlPlane() : file(),
            new StartOptions.Listens(Optional.ofNullable(adminListen), Optional.ofNullable(metricsListen), Optional.ofNullable(healthListen)),
            Optional.ofNullable(locality), memoryMib == null ? OptionalLong.empty() : OptionalLong.of((long) memoryMib << 20),
            Optional.ofNullable(accessLog), loops, hold.read(), drain.read(), workloadApi(), appProbes, warmUp());
    }

    private Duration warmUp() {
        check(warmUp.compareTo(LONGEST_WARM_UP) <= 0, "--warm-up", Durations.format(warmUp), "at most " + Durations.format(LONGEST_WARM_UP));
        return warmUp;
    }

    private Optional<WorkloadSocket.Options> workloadApi() {
        if (workloadApiSocket == null) {
            check(workloadApiUids.isEmpty(), "--workload-api-uid", workloadApiUids, "only with --workload-api-socket");
            return Optional.empty();
        }
        check(!workloadApiSocket.toString().startsWith("unix:"), "--workload-api-socket", workloadApiSocket, "a path such as /run/mesh/workload.sock");
        workloadApiUids.forEach(uid -> check(uid >= 0, "--workload-api-uid", uid, "user ids such as 1000"));
        return Optional.of(new WorkloadSocket.Options(workloadApiSocket, workloadApiUids));
    }

    private StartOptions.Origin file() {
        String only = "only with --control-plane";
        check(workload == null, "--workload", workload, only);
        check(node == null, "--node", node, only);
        check(joinTokenFile == null, "--join-token-file", joinTokenFile, only);
        check(serviceAccountTokenFile == null, "--service-account-token-file", serviceAccountTokenFile, only);
        check(caPin == null, "--ca-pin", caPin, only);
        check(stateDir == null, "--state-dir", stateDir, only);
        return new StartOptions.ConfigFile(config);
    }

    private StartOptions.Origin controlPlane() {
        for (Address each : controlPlane) {
            check(!each.host().isEmpty() && each.port() != 0, "--control-plane", each, "host:port, such as mesh.example:15012");
        }
        check(workload != null && !workload.isBlank(), "--workload", Objects.toString(workload, ""), "what runs beside this sidecar, such as payments");
        check(caPin == null || caPin.matches("sha256:[0-9a-fA-F]{64}"), "--ca-pin", caPin, "sha256: and 64 hexadecimal digits");
        check(joinTokenFile == null || caPin != null, "--join-token-file", joinTokenFile, "--ca-pin with it");
        check(serviceAccountTokenFile == null || caPin != null, "--service-account-token-file", serviceAccountTokenFile, "--ca-pin with it");
        check(serviceAccountTokenFile == null || joinTokenFile == null, "--service-account-token-file", serviceAccountTokenFile,
            "that or --join-token-file");
        String name = node == null ? hostName() : node;
        return new StartOptions.ControlPlane(controlPlane, workload, name, proof(), Optional.ofNullable(caPin),
            stateDir == null ? Path.of("mesh-state", name) : stateDir);
    }

    private Optional<FirstProof> proof() {
        if (serviceAccountTokenFile != null) {
            return Optional.of(new FirstProof(FirstProof.Kind.SERVICE_ACCOUNT_TOKEN, serviceAccountTokenFile));
        }
        return Optional.ofNullable(joinTokenFile).map(file -> new FirstProof(FirstProof.Kind.JOIN_TOKEN, file));
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    private void check(boolean holds, String option, Object value, String expected) {
        if (!holds) {
            throw usage(option + ": \"" + value + "\" (expected: " + expected + ")");
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
