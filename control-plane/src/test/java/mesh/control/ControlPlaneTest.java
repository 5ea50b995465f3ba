package mesh.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.control.discovery.DiscoveredEndpoints;
import mesh.control.ports.CallPolicy;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.time.Env;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlPlaneTest {

    @TempDir
    Path temp;

    @Test
    void keepsItsAuthorityOverARestart() throws IOException {
        String pin;
        try (ControlPlane plane = open("mesh.local")) {
            pin = plane.issuer().caPin();
        }
        try (ControlPlane plane = open("mesh.local")) {
            assertThat(plane.issuer().caPin()).isEqualTo(pin);
        }
    }

    @Test
    void letsNobodyElseReadItsFiles() throws IOException {
        try (ControlPlane plane = open("mesh.local"); var files = Files.list(data())) {
            assertThat(plane.store().current().version()).isZero();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data()))).isEqualTo("rwx------");
            assertThat(files.map(ControlPlaneTest::mode)).hasSizeGreaterThan(4).containsOnly("rw-------");
        }
    }

    @Test
    void refusesADirectoryThatAnotherOneHas() throws IOException {
        try (ControlPlane plane = open("mesh.local")) {
            assertThatThrownBy(() -> open("mesh.local")).hasMessage(data() + ": in use by another control plane, process "
                + ProcessHandle.current().pid() + " (expected: one at a time)");
            assertThat(plane.store().current()).isNotNull();
        }
    }

    /** Or every sidecar would suddenly be told to trust somebody else. */
    @Test
    void refusesTheDirectoryOfAnotherTrustDomainAndLetsItGo() throws IOException {
        open("mesh.local").close();

        assertThatThrownBy(() -> open("other.local")).isInstanceOf(IOException.class).hasMessageContaining("spiffe://mesh.local");
        open("mesh.local").close();
    }

    @Test
    void refusesOptionsThatWouldNotBeSafe() {
        assertThatThrownBy(() -> options("mesh.local", Address.parse("0.0.0.0:15010"), Duration.ofHours(1), Set.of()))
            .hasMessageContaining("--plaintext-listen: \"0.0.0.0:15010\" (expected: a loopback address");
        assertThatThrownBy(() -> options("mesh.local", Address.parse("127.0.0.1:0"), Duration.ofHours(25), Set.of()))
            .hasMessageContaining("--svid-ttl");
        assertThatThrownBy(() -> new StartOptions(data(), Address.parse(":1"), Address.parse("127.0.0.1:2"), Address.parse("127.0.0.1:2"),
            new TrustDomain("mesh.local"), Duration.ofHours(1), List.of(),
            new CallPolicy(Set.of(), Set.of(), false), StartOptions.Ca.OWN, Optional.empty(), Optional.empty(),
            Duration.ofMinutes(30), Optional.empty(), DiscoveredEndpoints.Settings.NONE, Optional.empty()))
            .hasMessage("--metrics-listen: \"127.0.0.1:2\" (expected: another port than that of --plaintext-listen)");
        assertThatThrownBy(() -> options("mesh.local", Address.parse("127.0.0.1:0"), Duration.ofHours(1),
            Set.of(SpiffeId.parse("spiffe://other.local/admin")))).hasMessageContaining("--admin: \"spiffe://other.local/admin\"");
    }

    private ControlPlane open(String trustDomain) throws IOException {
        return ControlPlane.open(options(trustDomain, Address.parse("127.0.0.1:0"), Duration.ofHours(1), Set.of()), Env.system());
    }

    private StartOptions options(String trustDomain, Address plaintext, Duration ttl, Set<SpiffeId> admins) {
        Address any = Address.parse("127.0.0.1:0");
        return new StartOptions(data(), any, plaintext, any, new TrustDomain(trustDomain), ttl, List.of("localhost", "127.0.0.1"),
            new CallPolicy(admins, Set.of(), false), StartOptions.Ca.OWN, Optional.empty(), Optional.empty(),
            Duration.ofMinutes(30), Optional.empty(), DiscoveredEndpoints.Settings.NONE, Optional.empty());
    }

    private Path data() {
        return temp.resolve("data");
    }

    private static String mode(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
