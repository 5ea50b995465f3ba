package mesh.control.cli;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.Callable;
import mesh.model.SpiffeId;
import mesh.pki.DerCertificates;
import mesh.pki.KeyPairs;
import mesh.pki.PemFiles;
import mesh.pki.SigningRequest;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.SignCertificateRequest;
import mesh.v1.SignCertificateResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh certificate …}. */
@Command(
    name = "certificate",
    description = "Makes certificates for people and tools.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {CertificateCommand.Create.class})
final class CertificateCommand {

    /** {@code mesh certificate create}: what a sidecar does by itself, for callers that read files. */
    @Command(
        name = "create",
        description = "Makes a key here, has the control plane sign it for an identity, and writes NAME.crt, NAME.key and roots.pem.",
        mixinStandardHelpOptions = true)
    static final class Create implements Callable<Integer> {

        @Mixin
        private Client client;

        @Option(names = "--id", required = true, paramLabel = "SPIFFE-ID", description = "such as spiffe://mesh.local/ops")
        private SpiffeId id;

        @Option(names = "--out", paramLabel = "DIR", defaultValue = ".", description = "where the files go; made if need be (default: ${DEFAULT-VALUE})")
        private Path out;

        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            KeyPair pair = KeyPairs.create();
            SignCertificateResponse signed = client.with(channel -> {
                String token = client.bounded(AdminServiceGrpc.newBlockingStub(channel))
                    .createJoinToken(CreateJoinTokenRequest.newBuilder().setSpiffeId(id.toString()).build()).getToken();
                return client.bounded(IdentityServiceGrpc.newBlockingStub(channel)).signCertificate(SignCertificateRequest.newBuilder()
                    .setCsr(ByteString.copyFrom(SigningRequest.create(pair))).setJoinToken(token).build());
            });
            String name = id.workload().replace('/', '-');
            List<X509Certificate> chain = certificates(signed.getCertificateChainList());
            Files.createDirectories(out);
            PemFiles.writeKey(out.resolve(name + ".key"), pair.getPrivate());
            PemFiles.writeCertificates(out.resolve(name + ".crt"), chain);
            PemFiles.writeCertificates(out.resolve("roots.pem"), certificates(signed.getTrustBundle().getCertificatesList()));
            spec.commandLine().getOut().println(out.resolve(name + ".crt") + ": " + id + ", until " + chain.get(0).getNotAfter().toInstant());
            return 0;
        }

        private static List<X509Certificate> certificates(List<ByteString> ders) {
            try {
                return DerCertificates.read(ders.stream().map(ByteString::toByteArray).toList());
            } catch (IllegalArgumentException e) {
                throw new CommandFailure("what answered signed no certificate: " + e.getMessage());
            }
        }
    }
}
