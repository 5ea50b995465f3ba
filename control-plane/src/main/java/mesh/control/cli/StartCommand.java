package mesh.control.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import mesh.control.Server;
import mesh.control.StartOptions;
import mesh.control.ports.CallPolicy;
import mesh.control.ca.BroughtAuthority;
import mesh.control.ca.KubernetesTokens;
import mesh.control.discovery.DiscoveredEndpoints;
import mesh.control.kubernetes.PodTraffic;
import mesh.model.Address;
import mesh.model.DownstreamTls;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.Passphrase;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code mesh control-plane start}: the only command that starts a server. */
@Command(
    name = "start",
    description = "Starts the control plane: configuration, identities and subscriptions, until SIGTERM or Ctrl-C.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true)
final class StartCommand implements Callable<Integer> {

    private static final String PASSPHRASE = "MESH_CA_PASSPHRASE";

    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.:_-]{1,253}");

    @Option(names = "--data-dir", paramLabel = "DIR", defaultValue = "mesh-data",
        description = "where the configuration, the CA and the audit log are kept; made on the first start")
    private Path dataDir;

    @Option(names = "--listen", paramLabel = "HOST:PORT", defaultValue = ":15012",
        description = "TLS for sidecars and admins; port 0 lets the system choose, here and below")
    private Address listen;

    @Option(names = "--plaintext-listen", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:15010",
        description = "plaintext for whoever is on this machine, to read; loopback only")
    private Address plaintextListen;

    @Option(names = "--metrics-listen", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:15014",
        description = "/metrics and health")
    private Address metricsListen;

    @Option(names = "--trust-domain", paramLabel = "NAME", defaultValue = "mesh.local", description = "of every identity that is issued")
    private TrustDomain trustDomain;

    @Option(names = "--svid-ttl", paramLabel = "DURATION", defaultValue = "24h",
        description = "longest life of an issued certificate, at most 24h")
    private Duration svidTtl;

    @Option(names = "--host", paramLabel = "NAME", showDefaultValue = Visibility.NEVER,
        description = "a name or IP address by which clients other than sidecars call the TLS port, for its certificate; repeatable;"
            + " beside localhost, 127.0.0.1, ::1 and the name of this machine")
    private List<String> hosts = List.of();

    @Option(names = "--admin", paramLabel = "SPIFFE-ID", showDefaultValue = Visibility.NEVER,
        description = "may read and change the configuration with its client certificate; repeatable")
    private List<SpiffeId> admins = List.of();

    @Option(names = "--reader", paramLabel = "SPIFFE-ID", showDefaultValue = Visibility.NEVER,
        description = "may read it; repeatable")
    private List<SpiffeId> readers = List.of();

    @Option(names = "--dev", showDefaultValue = Visibility.NEVER,
        description = "for development: everybody on this machine may change it, through the plaintext port, without a certificate or a token")
    private boolean dev;

    @Option(names = "--ca-passphrase-file", paramLabel = "FILE",
        description = "its first line encrypts the CA's keys, also those that lie there unencrypted; else MESH_CA_PASSPHRASE of the environment;"
            + " without either they are protected by the file's mode alone")
    private Path caPassphraseFile;

    @Option(names = "--max-stream-age", paramLabel = "DURATION", defaultValue = "30m",
        description = "after it a subscription is asked to come back, to whichever replica, so that each has its share")
    private Duration streamAge;

    @Mixin
    private StoreOptions store = new StoreOptions();

    @ArgGroup(exclusive = false)
    private Brought brought;

    /** Both or neither. */
    static final class Brought {

        @Option(names = "--ca-cert", required = true, paramLabel = "FILE",
            description = "an authority that was made elsewhere: its certificate first, each signed by the next, the root last; in a"
                + " data directory that has another one it is what mesh ca rotate changes to")
        private Path certificate;

        @Option(names = "--ca-key", required = true, paramLabel = "FILE",
            description = "the key of the first certificate; it is copied into the data directory")
        private Path key;
    }

    @ArgGroup(exclusive = false)
    private Kubernetes kubernetes;

    /** Service-account tokens, where there is a Kubernetes. */
    static final class Kubernetes {

        private static final String MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount/";

        @Option(names = "--kubernetes-api", required = true, paramLabel = "URL",
            description = "gives certificates for service-account tokens, reviewed there: https://kubernetes.default.svc")
        private URI api;

        @Option(names = "--kubernetes-ca", paramLabel = "FILE", defaultValue = MOUNTED + "ca.crt", description = "the API server's CA")
        private Path ca;

        @Option(names = "--kubernetes-token-file", paramLabel = "FILE", defaultValue = MOUNTED + "token",
            description = "the control plane's own token, whose account may review others (system:auth-delegator)")
        private Path token;

        @Option(names = "--kubernetes-audience", paramLabel = "NAME", defaultValue = "mesh",
            description = "what workloads' tokens must have been made for")
        private String audience;

        @Option(names = "--kubernetes",
            description = "makes clusters of its services, kubernetes/NAMESPACE/SERVICE:PORT, with the pods behind them as endpoints, and what sidecars"
                + " do with their pods' connections; the account needs to list and watch services, endpointslices and pods")
        private boolean services;

        @Option(names = "--kubernetes-outbound", paramLabel = "MODE", defaultValue = "allow_any",
            description = "what becomes of a pod's connections that no service is for: allow_any, they go where they were opened to, or registry_only,"
                + " they are closed")
        private String outbound;

        @Option(names = "--kubernetes-inbound-tls", paramLabel = "MODE", defaultValue = "permissive",
            description = "whom pods with a sidecar let in: strict, only the mesh's identities by mTLS, permissive, others in plaintext too, or disable")
        private String inboundTls;

        private Optional<PodTraffic> traffic() {
            return services ? Optional.of(new PodTraffic(parsed("--kubernetes-outbound", () -> PodTraffic.Outbound.parse(outbound)),
                Optional.ofNullable(parsed("--kubernetes-inbound-tls", () -> DownstreamTls.Mode.parse(inboundTls))))) : Optional.empty();
        }

        private static <T> T parsed(String option, Supplier<T> value) {
            try {
                return value.get();
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
            }
        }

        private KubernetesTokens.Settings settings() {
            return new KubernetesTokens.Settings(api, ca, token, audience);
        }
    }

    @Option(names = "--dns-server", paramLabel = "HOST:PORT", showDefaultValue = Visibility.NEVER,
        description = "an IP address and port of a name server that is asked for endpoints of clusters with discovery by DNS; repeatable, the next"
            + " where one fails; without it those of the system")
    private List<Address> nameServers = List.of();

    @Option(names = "--endpoints-dir", paramLabel = "DIR",
        description = "where the files are that clusters with discovery by file have their endpoints from")
    private Path endpointsDir;

    @Option(names = "--injector-listen", paramLabel = "HOST:PORT",
        description = "puts sidecars beside pods: HTTPS for the admission webhook of a Kubernetes API server, /inject; such as :15017")
    private Address injectorListen;

    @Option(names = "--injector-webhook", paramLabel = "NAME",
        description = "the MutatingWebhookConfiguration whose caBundle is kept to be the mesh's roots, through --kubernetes-api")
    private String injectorWebhook;

    @Mixin
    private SidecarOptions sidecar = new SidecarOptions();

    @Option(names = "--log-level", paramLabel = "LEVEL", defaultValue = "info", description = "error, warn, info, debug or trace")
    private String logLevel;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!Set.of("error", "warn", "info", "debug", "trace").contains(logLevel)) {
            throw new ParameterException(spec.commandLine(),
                "--log-level: \"" + logLevel + "\" (expected: error, warn, info, debug or trace)");
        }
        StartOptions options;
        try {
            options = new StartOptions(dataDir, listen, plaintextListen, metricsListen, trustDomain, svidTtl,
                serverNames(), new CallPolicy(Set.copyOf(admins), Set.copyOf(readers), dev), ca(),
                Optional.ofNullable(kubernetes).map(Kubernetes::settings),
                store.options(), streamAge, Optional.ofNullable(kubernetes).flatMap(Kubernetes::traffic),
                new DiscoveredEndpoints.Settings(nameServers, Optional.ofNullable(endpointsDir)), injection());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        System.setProperty("quarkus.log.level", logLevel.toUpperCase(Locale.ROOT));
        Server.run(options);
        return 0;
    }

    private Optional<StartOptions.Injection> injection() {
        if (injectorListen == null && injectorWebhook != null) {
            throw new IllegalArgumentException("--injector-webhook: \"" + injectorWebhook + "\" (expected: --injector-listen with it)");
        }
        return Optional.ofNullable(injectorListen)
            .map(listen -> new StartOptions.Injection(listen, Optional.ofNullable(injectorWebhook), sidecar::settings));
    }

    private List<String> serverNames() {
        Set<String> names = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "::1"));
        try {
            names.add(InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException e) {
            // A machine whose name nobody can look up is not called by it.
        }
        for (String host : hosts) {
            if (!HOST.matcher(host).matches()) {
                throw new IllegalArgumentException("--host: \"" + host + "\" (expected: a name such as mesh.example.com, or an IP address)");
            }
            names.add(host);
        }
        return List.copyOf(names);
    }

    private StartOptions.Ca ca() throws IOException {
        String environment = System.getenv(PASSPHRASE);
        Optional<Passphrase> passphrase = caPassphraseFile != null ? Optional.of(Passphrase.read(caPassphraseFile))
            : Optional.ofNullable(environment).map(text -> Passphrase.of(text, PASSPHRASE));
        return new StartOptions.Ca(passphrase, Optional.ofNullable(brought).map(files -> new BroughtAuthority(files.certificate, files.key)));
    }
}
