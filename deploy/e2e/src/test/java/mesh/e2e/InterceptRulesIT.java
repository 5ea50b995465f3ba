package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mesh.proxy.intercept.Backend;
import mesh.proxy.intercept.Cidr;
import mesh.proxy.intercept.InterceptException;
import mesh.proxy.intercept.Interception;
import mesh.proxy.intercept.IpFamily;
import mesh.proxy.intercept.NumberRange;
import mesh.proxy.intercept.Programs;
import mesh.proxy.intercept.RuleInstaller;
import mesh.proxy.intercept.Selection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real rules of real filters, in a network of the test's own. */
class InterceptRulesIT {

    private static final NumberRange PROXY = new NumberRange(1337, 1337);

    private final NetworkNamespace network = new NetworkNamespace();
    private final List<String> told = new ArrayList<>();

    @AfterEach
    void leave() {
        network.close();
    }

    /** As the system's, in the test's network. */
    private Programs programs() {
        Programs system = Programs.system();
        return new Programs() {
            @Override
            public boolean has(String name) {
                return system.has(name);
            }

            @Override
            public Ran run(List<String> command, String input) throws InterceptException {
                return system.run(network.inside(command), input);
            }
        };
    }

    private RuleInstaller installer(Backend backend, IpFamily... families) {
        return new RuleInstaller(programs(), backend, List.of(families));
    }

    private static Interception everything() {
        return new Interception(15001, 15006, List.of(PROXY), List.of(), Selection.all(), Selection.all(), Selection.all(), List.of(), Selection.all(),
            Selection.all(), List.of());
    }

    private static Interception withEveryOption() {
        return new Interception(15001, 15006, List.of(PROXY, new NumberRange(2000, 2010)), List.of(PROXY),
            new Selection<>(Optional.of(List.of(new NumberRange(80, 80), new NumberRange(8000, 8010))), List.of(new NumberRange(25, 25))),
            new Selection<>(Optional.of(List.of(Cidr.parse("10.1.2.3/8"), Cidr.parse("FD00::1:0/64"), Cidr.parse("192.0.2.1"))),
                List.of(Cidr.parse("10.9.0.0/16"), Cidr.parse("fd00:9::/32"))),
            new Selection<>(Optional.of(List.of(new NumberRange(1000, 1999))), List.of(new NumberRange(1001, 1001))), List.of(new NumberRange(44, 44)),
            new Selection<>(Optional.of(List.of(new NumberRange(8080, 8080))), List.of(new NumberRange(22, 22))),
            new Selection<>(Optional.of(List.of("eth0")), List.of("tun+")), List.of("virbr0"));
    }

    /** A table as it is told without the clock and the counters of packets. */
    private String saved(IpFamily family, Backend backend) {
        String program = (family == IpFamily.IPV4 ? "iptables" : "ip6tables") + "-" + backend.name().toLowerCase(Locale.ROOT) + "-save";
        return network.run("sh", "-c", program + " 2>/dev/null").replaceAll("(?m)^#.*\\R", "").replaceAll("\\[[0-9]+:[0-9]+]", "[0:0]");
    }

    /** Rules of somebody else's, ours are to stand beside. */
    private void ofOthers(IpFamily family, Backend backend) {
        String program = (family == IpFamily.IPV4 ? "iptables" : "ip6tables") + "-" + backend.name().toLowerCase(Locale.ROOT);
        Judge.find(program, "the package iptables");
        Assumptions.assumeTrue(Judge.find("nsenter", "util-linux").ask("", "-t", Long.toString(network.pid()), "-n", "--", program, "-t", "nat", "-S").exit() == 0,
            program + ": the kernel does not have this filter");
        network.run(program, "-t", "nat", "-N", "OTHERS");
        network.run(program, "-t", "nat", "-A", "OTHERS", "-p", "tcp", "--dport", "7", "-j", "REDIRECT", "--to-ports", "8");
        network.run(program, "-t", "nat", "-A", "OUTPUT", "-j", "OTHERS");
        network.run(program, "-t", "filter", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "DROP");
    }

    @ParameterizedTest
    @CsvSource({"IPV4, NFT", "IPV6, NFT", "IPV4, LEGACY", "IPV6, LEGACY"})
    void rulesComeChangeAndGoAndOthersStayAsTheyWere(IpFamily family, Backend backend) throws Exception {
        ofOthers(family, backend);
        String before = saved(family, backend);
        RuleInstaller installer = installer(backend, family);

        installer.install(everything(), told::add);
        String installed = saved(family, backend);
        assertThat(installed).contains("-A OUTPUT -j OTHERS\n-A OUTPUT -p tcp -j MESH_OUTPUT\n");
        assertThat(installer.check(everything(), told::add)).as(String.join("\n", told)).isTrue();
        installer.install(everything(), told::add);
        assertThat(saved(family, backend)).isEqualTo(installed);

        installer.install(withEveryOption(), told::add);
        assertThat(installer.check(withEveryOption(), told::add)).as(String.join("\n", told)).isTrue();
        assertThat(installer.check(everything(), told::add)).isFalse();
        installer.install(everything(), told::add);
        assertThat(saved(family, backend)).isEqualTo(installed);

        installer.remove(told::add);
        assertThat(saved(family, backend)).isEqualTo(before);
    }

    @Test
    void anOptionThatTheFilterDoesNotTakeChangesNoFamily() {
        ofOthers(IpFamily.IPV4, Backend.NFT);
        String before = saved(IpFamily.IPV4, Backend.NFT);
        Interception refused = new Interception(15001, 15006, List.of(PROXY), List.of(), Selection.all(), Selection.all(), Selection.all(), List.of(),
            Selection.all(), new Selection<>(Optional.empty(), List.of("longer-than-any-interface")), List.of());
        assertThatThrownBy(() -> installer(Backend.NFT, IpFamily.IPV4, IpFamily.IPV6).install(refused, told::add)).isInstanceOf(InterceptException.class)
            .hasMessageContaining("longer-than-any-interface");
        assertThat(saved(IpFamily.IPV4, Backend.NFT)).isEqualTo(before);
    }

    @Test
    void whoMayNotIsToldSo() {
        Judge.find("setpriv", "the package util-linux");
        try (MeshProcess check = MeshProcess.start("check", List.of("setpriv", "--bounding-set", "-all", "--inh-caps", "-all",
            MeshProcess.ROOT.resolve("mesh").toString(), "intercept", "check"))) {
            assertThat(check.exitCode()).isEqualTo(2);
            assertThat(check.log()).contains("may not read or change the packet filter's tables (expected: root, or the capabilities NET_ADMIN and NET_RAW)");
        }
    }
}
