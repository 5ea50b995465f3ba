package mesh.control.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import mesh.control.etcd.EtcdOptions;
import mesh.model.Address;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** Where a control plane keeps what it must not lose. */
final class StoreOptions {

    /** What {@code --store} says. */
    enum Kind {
        EMBEDDED, ETCD;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(names = "--store", paramLabel = "KIND", defaultValue = "embedded",
        description = "embedded: in the data directory, for one control plane; etcd: in a cluster of etcd servers, for any number of replicas")
    private Kind kind;

    @Option(names = "--etcd-endpoints", paramLabel = "HOST:PORT", split = ",", showDefaultValue = Visibility.NEVER,
        description = "client addresses of the servers, by commas")
    private List<Address> endpoints = List.of();

    @Option(names = "--etcd-ca", paramLabel = "FILE", description = "whom the servers' certificates must come from, PEM; without it, plaintext")
    private Path ca;

    @Option(names = "--etcd-cert", paramLabel = "FILE", description = "our client certificate for the servers, PEM")
    private Path certificate;

    @Option(names = "--etcd-key", paramLabel = "FILE", description = "its key, PKCS#8 PEM")
    private Path key;

    @Option(names = "--etcd-user", paramLabel = "NAME", description = "who we are to the servers")
    private String user;

    @Option(names = "--etcd-password-file", paramLabel = "FILE", description = "its first line is the password")
    private Path passwordFile;

    @Option(names = "--etcd-prefix", paramLabel = "PREFIX", defaultValue = "/mesh/",
        description = "of every key; meshes that share a cluster have one each")
    private String prefix;

    /** @throws IllegalArgumentException naming what does not go together */
    Optional<EtcdOptions> options() {
        if (kind == Kind.EMBEDDED) {
            if (!endpoints.isEmpty() || Stream.of(ca, certificate, key, user, passwordFile).anyMatch(each -> each != null)) {
                throw new IllegalArgumentException("--store: \"embedded\" (expected: etcd, since there are options for it)");
            }
            return Optional.empty();
        }
        together("--etcd-cert", certificate, "--etcd-key", key);
        together("--etcd-user", user, "--etcd-password-file", passwordFile);
        if (ca == null && certificate != null) {
            throw new IllegalArgumentException("--etcd-ca: missing (expected: beside --etcd-cert, whom the servers' certificates must come from)");
        }
        Optional<EtcdOptions.Tls.Client> client = certificate == null ? Optional.empty() : Optional.of(new EtcdOptions.Tls.Client(certificate, key));
        return Optional.of(new EtcdOptions(endpoints, Optional.ofNullable(ca).map(file -> new EtcdOptions.Tls(file, client)),
            Optional.ofNullable(user).map(name -> new EtcdOptions.User(name, passwordFile)), prefix));
    }

    private static void together(String option, Object value, String otherOption, Object other) {
        if ((value == null) != (other == null)) {
            throw new IllegalArgumentException((value == null ? option : otherOption) + ": missing (expected: both " + option + " and "
                + otherOption + ", or neither)");
        }
    }
}
