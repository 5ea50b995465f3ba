package mesh.proxy.intercept;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is ours in a {@code nat} table.
 *
 * @param chains our chains by name, with their rules in order, without {@code -A CHAIN}
 * @param jumps  whole rules of other chains that lead into ours, in order
 */
record NatTable(Map<String, List<String>> chains, List<String> jumps) {

    static final String PREFIX = "MESH_";
    static final NatTable EMPTY = new NatTable(Map.of(), List.of());

    NatTable {
        Map<String, List<String>> copy = new TreeMap<>();
        chains.forEach((name, rules) -> copy.put(name, List.copyOf(rules)));
        chains = copy;
        jumps = List.copyOf(jumps);
    }

    /** Reads what {@code iptables-save} printed, of one table or of all. */
    static NatTable read(String saved) {
        Map<String, List<String>> chains = new TreeMap<>();
        List<String> jumps = new ArrayList<>();
        boolean nat = false;
        for (String line : saved.split("\n")) {
            String[] words = line.strip().split(" ");
            if (line.startsWith("*")) nat = line.strip().equals("*nat");
            else if (nat && line.startsWith(":" + PREFIX)) chains.putIfAbsent(words[0].substring(1), new ArrayList<>());
            else if (nat && line.startsWith("-A " + PREFIX)) {
                chains.computeIfAbsent(words[1], name -> new ArrayList<>()).add(line.strip().substring("-A ".length() + words[1].length() + 1));
            } else if (nat && line.startsWith("-A ") && leadsToUs(words)) jumps.add(line.strip());
        }
        return new NatTable(chains, jumps);
    }

    private static boolean leadsToUs(String[] words) {
        for (int i = 2; i + 1 < words.length; i++) {
            if ((words[i].equals("-j") || words[i].equals("-g")) && words[i + 1].startsWith(PREFIX)) return true;
        }
        return false;
    }

    boolean isEmpty() {
        return chains.isEmpty() && jumps.isEmpty();
    }

    /**
     * What turns a table that holds {@code before} into one that holds this, for {@code iptables-restore --noflush}: all of it or nothing.
     * A chain that is declared is made, or emptied where it is.
     */
    String scriptFrom(NatTable before) {
        StringBuilder script = new StringBuilder("*nat\n");
        Map<String, List<String>> named = new TreeMap<>(before.chains);
        named.putAll(chains);
        named.keySet().forEach(name -> script.append(':').append(name).append(" - [0:0]\n"));
        before.jumps.forEach(jump -> script.append("-D").append(jump.substring(2)).append('\n'));
        chains.forEach((name, rules) -> rules.forEach(rule -> script.append("-A ").append(name).append(' ').append(rule).append('\n')));
        jumps.forEach(jump -> script.append(jump).append('\n'));
        named.keySet().stream().filter(name -> !chains.containsKey(name)).forEach(name -> script.append("-X ").append(name).append('\n'));
        return script.append("COMMIT\n").toString();
    }

    /** How {@code found} differs from this, a line for each rule; none when packets fare the same. */
    List<String> differencesOf(NatTable found) {
        List<String> wantedLines = lines();
        List<String> foundLines = found.lines();
        List<String> differences = new ArrayList<>();
        wantedLines.stream().filter(line -> !foundLines.contains(line)).forEach(line -> differences.add("missing: " + line));
        foundLines.stream().filter(line -> !wantedLines.contains(line)).forEach(line -> differences.add("not ours to be: " + line));
        if (differences.isEmpty() && !wantedLines.equals(foundLines)) differences.add("in another order or repeated: " + String.join("; ", foundLines));
        return differences;
    }

    /** By chain, as two tables may list their chains in different orders. */
    private List<String> lines() {
        List<String> lines = new ArrayList<>();
        chains.forEach((name, rules) -> rules.forEach(rule -> lines.add("-A " + name + " " + rule)));
        jumps.stream().sorted().forEach(lines::add);
        return lines;
    }
}
