package mesh.e2e;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import mesh.model.Address;
import mesh.pki.KeyPairs;
import mesh.pki.PemFiles;
import mesh.pki.SigningRequest;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.SignCertificateRequest;
import mesh.v1.SignCertificateResponse;

/** An identity of the mesh as files, for programs that are no sidecars of ours: got for a join token, as anybody may. */
record EnrolledFiles(Path ca, Path chain, Path key) {

    static EnrolledFiles of(ControlPlaneProcess controlPlane, String workload, Path dir) throws IOException {
        KeyPair pair = KeyPairs.create();
        SignCertificateResponse signed = sign(controlPlane.plaintext(), SignCertificateRequest.newBuilder()
            .setCsr(ByteString.copyFrom(SigningRequest.create(pair)))
            .setJoinToken(controlPlane.token(workload).getToken())
            .build());
        Files.createDirectories(dir);
        EnrolledFiles files = new EnrolledFiles(dir.resolve("ca.crt"), dir.resolve(workload + ".crt"), dir.resolve(workload + ".key"));
        PemFiles.writeCertificates(files.ca, certificates(signed.getTrustBundle().getCertificatesList()));
        PemFiles.writeCertificates(files.chain, certificates(signed.getCertificateChainList()));
        PemFiles.writeKey(files.key, pair.getPrivate());
        return files;
    }

    private static SignCertificateResponse sign(Address plaintext, SignCertificateRequest request) {
        ManagedChannel channel = NettyChannelBuilder.forAddress(plaintext.host(), plaintext.port()).usePlaintext().build();
        try {
            return IdentityServiceGrpc.newBlockingStub(channel).signCertificate(request);
        } finally {
            channel.shutdownNow();
        }
    }

    private static List<X509Certificate> certificates(List<ByteString> der) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (ByteString each : der) {
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(each.toByteArray())));
            }
        } catch (CertificateException e) {
            throw new IOException(e);
        }
        return certificates;
    }
}
