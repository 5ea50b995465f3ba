package mesh.control.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.control.journal.RecordLog;
import mesh.etcd.EtcdCluster;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.KeyPem;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that asks for a certificate of its own CA, and for a name and a password. */
class EtcdAccessTest {

    private static final ByteSequence ROOT = ByteSequence.from("root", UTF_8);

    @TempDir
    private Path dir;
    private EtcdCluster server;
    private EtcdOptions.Tls tls;

    @BeforeEach
    void start() throws Exception {
        CertificateAuthority ca = CertificateAuthority.create(new TrustDomain("etcd.local"), InstantSource.system());
        Svid svid = ca.issue(SpiffeId.parse("spiffe://etcd.local/etcd"), Duration.ofHours(1), List.of("127.0.0.1"));
        Path anchors = Files.writeString(dir.resolve("ca.pem"), PemFiles.encode(List.of(ca.root())));
        Path certificate = Files.writeString(dir.resolve("etcd.pem"), PemFiles.encode(svid.chain()));
        Path key = Files.writeString(dir.resolve("etcd.key"), KeyPem.encode(svid.key(), Optional.empty()));
        tls = new EtcdOptions.Tls(anchors, Optional.of(new EtcdOptions.Tls.Client(certificate, key)));
        server = EtcdCluster.start(1, dir, "--cert-file", certificate.toString(), "--key-file", key.toString(),
            "--trusted-ca-file", anchors.toString(), "--client-cert-auth");
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void isHadWithCertificateNameAndPasswordOnly() throws Exception {
        demandPasswords();
        EtcdOptions.User root = user("secret");
        try (EtcdLogs logs = EtcdLogs.open(options(Optional.of(tls), Optional.of(root)))) {
            RecordLog log = logs.log("x");
            log.append("a record".getBytes(UTF_8));
            assertThat(log.readAll()).containsExactly("a record".getBytes(UTF_8));
        }

        assertThatThrownBy(() -> EtcdLogs.open(options(Optional.of(tls), Optional.empty()))).isInstanceOf(IOException.class)
            .hasMessageContaining("denied").hasMessageContaining("--etcd-user");
        assertThatThrownBy(() -> EtcdLogs.open(options(Optional.of(tls), Optional.of(user("guess"))))).isInstanceOf(IOException.class)
            .hasMessageContaining("authentication failed");
        assertThatThrownBy(() -> EtcdLogs.open(options(Optional.of(new EtcdOptions.Tls(tls.ca(), Optional.empty())), Optional.of(root))))
            .isInstanceOf(IOException.class);
    }

    private EtcdOptions options(Optional<EtcdOptions.Tls> tls, Optional<EtcdOptions.User> user) {
        return new EtcdOptions(server.clients(), tls, user, "/mesh/");
    }

    private EtcdOptions.User user(String password) throws IOException {
        return new EtcdOptions.User("root", Files.writeString(dir.resolve(password + ".txt"), password + "\n"));
    }

    private void demandPasswords() throws Exception {
        var client = tls.client().orElseThrow();
        try (Client etcd = Client.builder().target("ip:///" + server.clients().get(0)).sslContext(context -> context
            .trustManager(tls.ca().toFile()).keyManager(client.certificate().toFile(), client.key().toFile())).build()) {
            etcd.getAuthClient().userAdd(ROOT, ByteSequence.from("secret", UTF_8)).get(10, TimeUnit.SECONDS);
            etcd.getAuthClient().roleAdd(ROOT).get(10, TimeUnit.SECONDS);
            etcd.getAuthClient().userGrantRole(ROOT, ROOT).get(10, TimeUnit.SECONDS);
            etcd.getAuthClient().authEnable().get(10, TimeUnit.SECONDS);
        }
    }
}
