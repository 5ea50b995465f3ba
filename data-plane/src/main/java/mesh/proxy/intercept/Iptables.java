package mesh.proxy.intercept;

import java.util.ArrayList;
import java.util.List;

/** The {@code nat} table of one family in one packet filter. */
final class Iptables {

    private static final String SAVE = "-save";
    private static final String RESTORE = "-restore";
    /** Others hold the lock for as long as they write; seconds. */
    private static final String PATIENCE = "5";

    private final Programs programs;
    private final String name;

    private Iptables(Programs programs, String name) {
        this.programs = programs;
        this.name = name;
    }

    /** Where rules go. @throws InterceptException when its program is not there */
    static Iptables choose(Programs programs, IpFamily family, Backend backend) throws InterceptException {
        List<Iptables> both = backend == Backend.AUTO ? present(programs, family, Backend.NFT, Backend.LEGACY) : List.of();
        for (Iptables each : both) if (!each.read().isEmpty()) return each;
        List<Iptables> inUse = new ArrayList<>();
        for (Iptables each : both) if (each.save().contains("\n-A ")) inUse.add(each);
        if (inUse.size() == 1) return inUse.get(0);
        Iptables chosen = new Iptables(programs, family.program() + backend.suffix());
        if (programs.has(chosen.name + RESTORE)) return chosen;
        throw new InterceptException(chosen.name + RESTORE + ": not found (expected: the package iptables installed"
            + (family == IpFamily.IPV6 ? ", or --no-ipv6)" : ")"));
    }

    /** Wherever there are rules of ours, as they may have been put there with another backend. */
    static List<Iptables> withOurs(Programs programs, IpFamily family, Backend backend) throws InterceptException {
        List<Iptables> ours = new ArrayList<>();
        List<Iptables> named = backend == Backend.AUTO ? present(programs, family, Backend.NFT, Backend.LEGACY) : present(programs, family, backend);
        for (Iptables each : named.isEmpty() ? present(programs, family, Backend.AUTO) : named) {
            if (!each.read().isEmpty()) ours.add(each);
        }
        return ours;
    }

    private static List<Iptables> present(Programs programs, IpFamily family, Backend... backends) {
        List<Iptables> present = new ArrayList<>();
        for (Backend each : backends) {
            String name = family.program() + each.suffix();
            if (programs.has(name + SAVE) && programs.has(name + RESTORE)) present.add(new Iptables(programs, name));
        }
        return present;
    }

    String name() {
        return name;
    }

    NatTable read() throws InterceptException {
        return NatTable.read(save());
    }

    /** All tables that are in use: to ask for one by its name would make it. */
    private String save() throws InterceptException {
        return run(List.of(name + SAVE), "");
    }

    /** Whether a script would be taken, as far as the program itself can tell. */
    void check(String script) throws InterceptException {
        run(List.of(name + RESTORE, "--test", "--noflush", "--wait", PATIENCE), script);
    }

    void apply(String script) throws InterceptException {
        run(List.of(name + RESTORE, "--noflush", "--wait", PATIENCE), script);
    }

    private String run(List<String> command, String input) throws InterceptException {
        Programs.Ran ran = programs.run(command, input);
        if (ran.exitCode() == 0) return ran.out();
        String said = ran.err().strip().replaceAll("\\s*\\R\\s*", "; ");
        throw new InterceptException(command.get(0) + ": exit code " + ran.exitCode() + (said.isEmpty() ? "" : ": " + said));
    }
}
