package mesh.proxy.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import mesh.model.Durations;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import mesh.time.Env;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code mesh keygen}: a CA and certificates for sidecars that run from a file. */
@Command(
    name = "keygen",
    description = {"Makes a CA and a certificate for each workload: ECDSA P-256, one SPIFFE id each, files only you can read.", ""},
    footer = {"", "Exit codes: 0 all was made, 1 nothing was made, 2 wrong usage."},
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION,
    sortOptions = false)
final class KeygenCommand implements Callable<Integer> {

    private static final int FAILED = 1;

    @Option(names = "--out", required = true, paramLabel = "DIR",
        description = "where ca.crt, ca.key, NAME.crt and NAME.key go; made if need be")
    private Path out;

    @Option(names = "--id", paramLabel = "ID",
        description = "spiffe://mesh.local/payments, or payments for short; repeatable; none makes only the CA")
    private List<String> ids = List.of();

    @Option(names = "--trust-domain", paramLabel = "NAME",
        description = "of the CA and of ids in short form; default: that of --id, or mesh.local")
    private TrustDomain trustDomain;

    @Option(names = "--ttl", paramLabel = "DURATION", defaultValue = "24h",
        description = "life of the certificates; default: ${DEFAULT-VALUE}")
    private Duration ttl;

    @Option(names = "--ca", paramLabel = "DIR", description = "sign with the ca.crt and ca.key there; default: make a new CA")
    private Path ca;

    @Option(names = "--force", description = "replace files that are there")
    private boolean force;

    @Spec
    private CommandSpec spec;

    /** What will be written, complete before the first file is. */
    private record Plan(CertificateAuthority authority, Map<String, Svid> svids) {}

    @Override
    public Integer call() throws IOException {
        if (ttl.isNegative() || ttl.isZero()) {
            throw usage("--ttl: \"" + Durations.format(ttl) + "\" (expected: more than 0)");
        }
        Map<String, SpiffeId> named = named();
        List<Path> there = files(named).filter(Files::exists).toList();
        if (!force && !there.isEmpty()) {
            there.forEach(file -> err().println("mesh: " + file + " is there already (expected: no such file, or --force to replace it)"));
            if (there.contains(out.resolve(CertificateAuthority.CERTIFICATE))) {
                err().println("mesh: --ca " + out + " signs with the CA that is there");
            }
            return FAILED;
        }
        write(plan(named));
        return 0;
    }

    /** By file name. */
    private Map<String, SpiffeId> named() {
        Map<String, SpiffeId> named = new LinkedHashMap<>();
        List<SpiffeId> parsed = ids.stream().map(this::id).toList();
        for (SpiffeId id : parsed) {
            if (!id.trustDomain().equals(trustDomain(parsed))) {
                throw usage("--id: \"" + id + "\" (expected: of trust domain " + trustDomain(parsed) + ")");
            }
            SpiffeId other = named.put(id.workload().replace('/', '-'), id);
            if (other != null) {
                throw usage("--id: \"" + id + "\" and \"" + other + "\" would have the same file (expected: different names)");
            }
            if (named.containsKey("ca")) {
                throw usage("--id: \"" + id + "\" would have the CA's file (expected: another name)");
            }
        }
        return named;
    }

    private SpiffeId id(String text) {
        try {
            return text.contains("://") ? SpiffeId.parse(text)
                : new SpiffeId(trustDomain == null ? TrustDomain.DEFAULT : trustDomain, text.startsWith("/") ? text : "/" + text);
        } catch (IllegalArgumentException e) {
            throw usage("--id: " + e.getMessage());
        }
    }

    private TrustDomain trustDomain(List<SpiffeId> parsed) {
        if (trustDomain != null) {
            return trustDomain;
        }
        return parsed.isEmpty() ? TrustDomain.DEFAULT : parsed.get(0).trustDomain();
    }

    private Stream<Path> files(Map<String, SpiffeId> named) {
        Stream<String> authority = ca == null ? Stream.of(CertificateAuthority.CERTIFICATE, CertificateAuthority.KEY)
            : isOut(ca) ? Stream.of() : Stream.of(CertificateAuthority.CERTIFICATE);
        return Stream.concat(authority, named.keySet().stream().flatMap(name -> Stream.of(name + ".crt", name + ".key"))).map(out::resolve);
    }

    private boolean isOut(Path directory) {
        return directory.toAbsolutePath().normalize().equals(out.toAbsolutePath().normalize());
    }

    private Plan plan(Map<String, SpiffeId> named) throws IOException {
        TrustDomain domain = trustDomain(List.copyOf(named.values()));
        InstantSource clock = Env.system().clock();
        CertificateAuthority authority = ca == null
            ? CertificateAuthority.create(domain, clock)
            : CertificateAuthority.read(ca, domain, clock);
        Map<String, Svid> svids = new LinkedHashMap<>();
        named.forEach((name, id) -> svids.put(name, authority.issue(id, ttl)));
        return new Plan(authority, svids);
    }

    private void write(Plan plan) throws IOException {
        Files.createDirectories(out);
        if (ca == null) {
            plan.authority.write(out);
        } else if (!isOut(ca)) {
            PemFiles.writeCertificates(out.resolve(CertificateAuthority.CERTIFICATE), plan.authority.bundle().authorities());
        }
        PrintWriter say = spec.commandLine().getOut();
        say.println(out.resolve(CertificateAuthority.CERTIFICATE) + ": the authority of "
            + plan.authority.bundle().trustDomain().uri() + ", " + plan.authority.pin());
        for (Map.Entry<String, Svid> each : plan.svids.entrySet()) {
            PemFiles.writeKey(out.resolve(each.getKey() + ".key"), each.getValue().key());
            PemFiles.writeCertificates(out.resolve(each.getKey() + ".crt"), each.getValue().chain());
            say.println(out.resolve(each.getKey() + ".crt") + ": " + each.getValue().id() + ", until "
                + each.getValue().leaf().getNotAfter().toInstant());
        }
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
