package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterceptCommandTest {

    private static CommandRun dryRun(String... options) {
        return CommandRun.of(Stream.concat(Stream.of("intercept", "install", "--dry-run"), Arrays.stream(options)).toArray());
    }

    @Test
    void printsTheRulesOfBothFamilies() {
        CommandRun run = dryRun();
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("""
            # iptables-restore --noflush
            *nat
            :MESH_INBOUND - [0:0]
            :MESH_IN_REDIRECT - [0:0]
            :MESH_OUTBOUND - [0:0]
            :MESH_OUTPUT - [0:0]
            :MESH_PREROUTING - [0:0]
            :MESH_REDIRECT - [0:0]
            -A MESH_INBOUND -p tcp -m multiport --dports 22,9090,15021 -j RETURN
            -A MESH_INBOUND -j MESH_IN_REDIRECT
            -A MESH_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
            -A MESH_OUTBOUND -j MESH_REDIRECT
            -A MESH_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN
            -A MESH_OUTPUT ! -d 127.0.0.1/32 -o lo -m owner --uid-owner 1337 -j MESH_INBOUND
            -A MESH_OUTPUT -m owner --uid-owner 1337 -j RETURN
            -A MESH_OUTPUT -o lo -j RETURN
            -A MESH_OUTPUT -j MESH_OUTBOUND
            -A MESH_PREROUTING -m addrtype --dst-type LOCAL -j MESH_INBOUND
            -A MESH_REDIRECT -p tcp -j REDIRECT --to-ports 15001
            -A PREROUTING -p tcp -j MESH_PREROUTING
            -A OUTPUT -p tcp -j MESH_OUTPUT
            COMMIT
            """);
    }

    @Test
    void everyOptionIsInTheRules() {
        CommandRun run = dryRun("--no-ipv6", "--backend", "nft", "--outbound-port", "1", "--inbound-port", "2", "--proxy-uid", "7,9", "--proxy-gid", "8",
            "--include-outbound-ports", "80,8000-8010", "--exclude-outbound-ports", "25", "--include-outbound-cidrs", "10.1.2.3/8,fd00::/8",
            "--exclude-outbound-cidrs", "10.9.0.0/16", "--include-uids", "1000-2000", "--exclude-uids", "1001", "--exclude-gids", "44",
            "--include-inbound-ports", "8080", "--exclude-inbound-ports", "none", "--include-interfaces", "eth0", "--exclude-interfaces", "tun+",
            "--outbound-interfaces", "virbr0");
        assertThat(run).isEqualTo(new CommandRun(0, """
            # iptables-nft-restore --noflush
            *nat
            :MESH_INBOUND - [0:0]
            :MESH_IN_REDIRECT - [0:0]
            :MESH_OUTBOUND - [0:0]
            :MESH_OUTPUT - [0:0]
            :MESH_PREROUTING - [0:0]
            :MESH_REDIRECT - [0:0]
            -A MESH_INBOUND -p tcp -m multiport --dports 8080 -j MESH_IN_REDIRECT
            -A MESH_IN_REDIRECT -p tcp -j REDIRECT --to-ports 2
            -A MESH_OUTBOUND -p tcp -m multiport --dports 25 -j RETURN
            -A MESH_OUTBOUND -d 10.9.0.0/16 -j RETURN
            -A MESH_OUTBOUND -p tcp -m multiport --dports 80,8000:8010 -j MESH_REDIRECT
            -A MESH_OUTBOUND -d 10.0.0.0/8 -j MESH_REDIRECT
            -A MESH_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN
            -A MESH_OUTPUT ! -d 127.0.0.1/32 -o lo -m owner --uid-owner 7 -j MESH_INBOUND
            -A MESH_OUTPUT ! -d 127.0.0.1/32 -o lo -m owner --uid-owner 9 -j MESH_INBOUND
            -A MESH_OUTPUT ! -d 127.0.0.1/32 -o lo -m owner --gid-owner 8 -j MESH_INBOUND
            -A MESH_OUTPUT -m owner --uid-owner 7 -j RETURN
            -A MESH_OUTPUT -m owner --uid-owner 9 -j RETURN
            -A MESH_OUTPUT -m owner --gid-owner 8 -j RETURN
            -A MESH_OUTPUT -o lo -j RETURN
            -A MESH_OUTPUT -o tun+ -j RETURN
            -A MESH_OUTPUT -m owner --uid-owner 1001 -j RETURN
            -A MESH_OUTPUT -m owner --gid-owner 44 -j RETURN
            -A MESH_OUTPUT -m owner --uid-owner 1000-2000 -j MESH_OUTBOUND
            -A MESH_PREROUTING -i tun+ -j RETURN
            -A MESH_PREROUTING -i virbr0 -j MESH_OUTBOUND
            -A MESH_PREROUTING -i virbr0 -j RETURN
            -A MESH_PREROUTING -m addrtype --dst-type LOCAL -j MESH_INBOUND
            -A MESH_REDIRECT -p tcp -j REDIRECT --to-ports 1
            -A PREROUTING -i eth0 -p tcp -j MESH_PREROUTING
            -A PREROUTING -i virbr0 -p tcp -j MESH_PREROUTING
            -A OUTPUT -o lo -p tcp -j MESH_OUTPUT
            -A OUTPUT -o eth0 -p tcp -j MESH_OUTPUT
            COMMIT
            """, ""));
    }

    @Test
    void moreThanFifteenPortsAreSeveralRules() {
        CommandRun run = dryRun("--exclude-outbound-ports", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,20-30,40", "--include-outbound-ports", "none");
        assertThat(run.out()).contains("""
            -A MESH_OUTBOUND -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14 -j RETURN
            -A MESH_OUTBOUND -p tcp -m multiport --dports 20:30,40 -j RETURN
            """).doesNotContain("-j MESH_REDIRECT");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--outbound-port | 0 | '\"0\" (expected: a number from 1 to 65535, or two with - between)'",
        "--inbound-port | 1-2 | '\"1-2\" (expected: one port)'",
        "--proxy-uid | mesh | '\"mesh\" (expected: a number from 0 to 4294967294, or two with - between)'",
        "--exclude-outbound-ports | 80,,81 | '\"\" (expected: a number from 1 to 65535, or two with - between)'",
        "--exclude-outbound-ports | 90-80 | '\"90-80\" (expected: a number from 1 to 65535, or two with - between)'",
        "--include-outbound-cidrs | example.org | '\"example.org\" (expected: a block of addresses such as 10.0.0.0/8 or fd00::/8)'",
        "--include-interfaces | -j | '\"-j\" (expected: an interface, such as eth0 or eth+)'",
        "--exclude-interfaces | 'eth0 -j ACCEPT' | '\"eth0 -j ACCEPT\" (expected: an interface, such as eth0 or eth+)'"})
    void aWrongWordIsNamed(String option, String word, String message) {
        CommandRun run = dryRun(option + "=" + word);
        assertThat(run).isEqualTo(new CommandRun(2, "", "mesh: " + option + ": " + message + " (see mesh intercept install --help)\n"));
    }

    @Test
    void anUnknownBackendIsNamed() {
        assertThat(dryRun("--backend", "bpf").err()).contains("\"bpf\" (expected: auto, nft or legacy)");
    }
}
