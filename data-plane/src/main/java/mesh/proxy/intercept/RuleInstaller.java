package mesh.proxy.intercept;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Puts rules in place, takes them away, and says whether they are there: for every family that is asked for, or for none. */
public final class RuleInstaller {

    private final Programs programs;
    private final Backend backend;
    private final List<IpFamily> families;

    /** @param families not empty */
    public RuleInstaller(Programs programs, Backend backend, List<IpFamily> families) {
        this.programs = programs;
        this.backend = backend;
        this.families = families;
    }

    /** From what to what a table goes. */
    private record Step(Iptables iptables, NatTable before, NatTable after) {}

    /** What {@link #install} would give to each program where nothing of ours is yet; needs no rights. */
    public void print(Interception wanted, Consumer<String> line) {
        for (IpFamily family : families) {
            print(family.program() + backend.suffix(), RedirectRules.of(wanted, family).scriptFrom(NatTable.EMPTY), line);
        }
    }

    /** What {@link #remove} would give to each program. */
    public void printRemoval(Consumer<String> line) throws InterceptException {
        for (Step step : removal()) print(step.iptables.name(), step.after.scriptFrom(step.before), line);
    }

    private static void print(String program, String script, Consumer<String> line) {
        line.accept("# " + program + "-restore --noflush");
        script.lines().forEach(line);
    }

    /**
     * Rules that are there already stay as they are, others of ours make way in one step.
     *
     * @param told what was done, a line for each family
     */
    public void install(Interception wanted, Consumer<String> told) throws InterceptException {
        List<Step> steps = new ArrayList<>();
        for (IpFamily family : families) {
            Iptables iptables = Iptables.choose(programs, family, backend);
            steps.add(new Step(iptables, iptables.read(), RedirectRules.of(wanted, family)));
        }
        take(steps.stream().filter(step -> !step.after.differencesOf(step.before).isEmpty()).toList());
        steps.forEach(step -> told.accept(step.iptables.name()
            + (step.after.differencesOf(step.before).isEmpty() ? ": rules are in place already" : ": rules installed")));
    }

    /** @param told what was done, a line for each table that had rules of ours */
    public void remove(Consumer<String> told) throws InterceptException {
        List<Step> steps = removal();
        take(steps);
        steps.forEach(step -> told.accept(step.iptables.name() + ": rules removed"));
        if (steps.isEmpty()) told.accept("no rules to remove");
    }

    private List<Step> removal() throws InterceptException {
        List<Step> steps = new ArrayList<>();
        for (IpFamily family : families) {
            for (Iptables iptables : Iptables.withOurs(programs, family, backend)) steps.add(new Step(iptables, iptables.read(), NatTable.EMPTY));
        }
        return steps;
    }

    /** Each table changes at once or not at all; when one does not, those before it are changed back. */
    private static void take(List<Step> steps) throws InterceptException {
        for (Step step : steps) step.iptables.check(step.after.scriptFrom(step.before));
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            try {
                step.iptables.apply(step.after.scriptFrom(step.before));
            } catch (InterceptException e) {
                for (Step done : steps.subList(0, i)) done.iptables.apply(done.before.scriptFrom(done.after));
                throw e;
            }
        }
    }

    /**
     * Whether all is as {@link #install} would leave it.
     *
     * @param told each difference
     */
    public boolean check(Interception wanted, Consumer<String> told) throws InterceptException {
        boolean same = true;
        for (IpFamily family : families) {
            Iptables iptables = Iptables.choose(programs, family, backend);
            NatTable found = iptables.read();
            List<String> differences = RedirectRules.of(wanted, family).differencesOf(found);
            if (found.isEmpty()) told.accept(iptables.name() + ": no rules");
            else differences.forEach(each -> told.accept(iptables.name() + ": " + each));
            same &= differences.isEmpty();
        }
        return same;
    }
}
