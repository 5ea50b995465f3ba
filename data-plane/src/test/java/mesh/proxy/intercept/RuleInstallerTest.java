package mesh.proxy.intercept;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RuleInstallerTest {

    private static final Interception WANTED = new Interception(15001, 15006, List.of(new NumberRange(1337, 1337)), List.of(), Selection.all(),
        Selection.all(), Selection.all(), List.of(), new Selection<>(Optional.empty(), List.of(new NumberRange(22, 22))), Selection.all(), List.of());

    private final FakeTables tables = new FakeTables();
    private final List<String> told = new ArrayList<>();

    /** Knows what is saved, and remembers what it was given. */
    private static final class FakeTables implements Programs {

        private final Map<String, String> saved = new HashMap<>(Map.of("iptables-nft", "", "iptables-legacy", "", "iptables", "", "ip6tables", ""));
        private final List<String> given = new ArrayList<>();
        private String refusing = "";

        @Override
        public boolean has(String name) {
            return saved.containsKey(name.replaceAll("-(save|restore)$", ""));
        }

        @Override
        public Ran run(List<String> command, String input) {
            String name = command.get(0);
            if (name.endsWith("-save")) return new Ran(0, saved.get(name.replace("-save", "")), "");
            if (command.contains("--test")) return new Ran(0, "", "");
            if (name.equals(refusing)) return new Ran(4, "", "line 3 failed\n\nor so\n");
            given.add(name + "\n" + input);
            return new Ran(0, "", "");
        }
    }

    private RuleInstaller installer(Backend backend) {
        return new RuleInstaller(tables, backend, List.of(IpFamily.IPV4, IpFamily.IPV6));
    }

    private static String saved(IpFamily family) {
        return RedirectRules.of(WANTED, family).scriptFrom(NatTable.EMPTY);
    }

    @Test
    void goesWhereRulesAreInUse() throws Exception {
        tables.saved.put("iptables-legacy", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n");
        installer(Backend.AUTO).install(WANTED, told::add);
        assertThat(told).containsExactly("iptables-legacy: rules installed", "ip6tables: rules installed");
        assertThat(tables.given).containsExactly("iptables-legacy-restore\n" + saved(IpFamily.IPV4), "ip6tables-restore\n" + saved(IpFamily.IPV6));
    }

    @Test
    void whatIsInPlaceIsLeft() throws Exception {
        tables.saved.put("iptables-nft", saved(IpFamily.IPV4));
        tables.saved.put("ip6tables", saved(IpFamily.IPV6));
        installer(Backend.AUTO).install(WANTED, told::add);
        assertThat(told).containsExactly("iptables-nft: rules are in place already", "ip6tables: rules are in place already");
        assertThat(tables.given).isEmpty();
        assertThat(installer(Backend.AUTO).check(WANTED, told::add)).isTrue();
    }

    @Test
    void whenTheSecondFamilyRefusesTheFirstIsAsItWas() {
        tables.refusing = "ip6tables-restore";
        assertThatThrownBy(() -> installer(Backend.AUTO).install(WANTED, told::add)).isInstanceOf(InterceptException.class)
            .hasMessage("ip6tables-restore: exit code 4: line 3 failed; or so");
        assertThat(told).isEmpty();
        assertThat(tables.given).hasSize(2);
        assertThat(tables.given.get(1)).isEqualTo("iptables-restore\n" + NatTable.EMPTY.scriptFrom(RedirectRules.of(WANTED, IpFamily.IPV4)));
    }

    @Test
    void aMissingProgramChangesNothing() {
        tables.saved.remove("ip6tables");
        assertThatThrownBy(() -> installer(Backend.AUTO).install(WANTED, told::add)).isInstanceOf(InterceptException.class)
            .hasMessage("ip6tables-restore: not found (expected: the package iptables installed, or --no-ipv6)");
        assertThat(tables.given).isEmpty();
    }

    @Test
    void oneThatIsNotThereAsAskedForIsNotReplacedByAnother() {
        tables.saved.remove("iptables-nft");
        assertThatThrownBy(() -> installer(Backend.NFT).install(WANTED, told::add)).isInstanceOf(InterceptException.class)
            .hasMessageStartingWith("iptables-nft-restore: not found");
    }

    @Test
    void removesFromBothFiltersWhereBothHaveRules() throws Exception {
        tables.saved.put("iptables-nft", saved(IpFamily.IPV4));
        tables.saved.put("iptables-legacy", saved(IpFamily.IPV4));
        installer(Backend.AUTO).remove(told::add);
        assertThat(told).containsExactly("iptables-nft: rules removed", "iptables-legacy: rules removed");
    }

    @Test
    void removingNothingIsNoError() throws Exception {
        installer(Backend.AUTO).remove(told::add);
        assertThat(told).containsExactly("no rules to remove");
    }

    @Test
    void checkTellsEachDifference() throws Exception {
        tables.saved.put("iptables-nft", saved(IpFamily.IPV4).replace("--to-ports 15001", "--to-ports 15009")
            .replace("-A MESH_INBOUND -p tcp -m multiport --dports 22 -j RETURN\n", ""));
        assertThat(installer(Backend.AUTO).check(WANTED, told::add)).isFalse();
        assertThat(told).containsExactly(
            "iptables-nft: missing: -A MESH_INBOUND -p tcp -m multiport --dports 22 -j RETURN",
            "iptables-nft: missing: -A MESH_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
            "iptables-nft: not ours to be: -A MESH_REDIRECT -p tcp -j REDIRECT --to-ports 15009",
            "ip6tables: no rules");
    }

    @Test
    void rulesInAnotherOrderAreADifference() throws Exception {
        String swapped = saved(IpFamily.IPV4).replaceAll("(-A MESH_OUTPUT -o lo .*\n)(-A MESH_OUTPUT -j .*\n)", "$2$1");
        tables.saved.put("iptables-nft", swapped);
        new RuleInstaller(tables, Backend.AUTO, List.of(IpFamily.IPV4)).check(WANTED, told::add);
        assertThat(told).singleElement().asString().startsWith("iptables-nft: in another order or repeated: -A MESH_INBOUND");
    }

    @Test
    void aTableOfOthersIsLeftToThem() {
        NatTable ours = NatTable.read("""
            *nat
            :OUTPUT ACCEPT [0:0]
            :DOCKER - [0:0]
            :MESH_OLD - [3:180]
            -A OUTPUT -p tcp -m comment --comment "-j MESH_OLD" -j DOCKER
            -A OUTPUT -p tcp -g MESH_OLD
            -A DOCKER -j RETURN
            -A MESH_OLD -j RETURN
            COMMIT
            *mangle
            :MESH_OTHER - [0:0]
            -A OUTPUT -j MESH_OTHER
            COMMIT
            """);
        assertThat(NatTable.EMPTY.scriptFrom(ours)).isEqualTo("""
            *nat
            :MESH_OLD - [0:0]
            -D OUTPUT -p tcp -g MESH_OLD
            -X MESH_OLD
            COMMIT
            """);
    }
}
