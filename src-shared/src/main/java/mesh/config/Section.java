package mesh.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * One mapping of the file while it is read. Its methods give the value of a key, the given one when the key is absent, and null after a
 * finding; so a caller asks for everything first and then makes its record with {@link #make}. Keys that were never asked for are
 * unknown, and {@link #end} says so: what is read and what is known cannot differ.
 */
final class Section {

    private static final int MAX_WEIGHT = 1_000_000;

    private final Node node;
    private final String path;
    private final Findings findings;
    private final int findingsBefore;
    private final Map<String, NodeTuple> entries = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();

    Section(MappingNode node, String path, Findings findings) {
        this.node = node;
        this.path = path;
        this.findings = findings;
        this.findingsBefore = findings.count();
        for (NodeTuple entry : node.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode key)) {
                findings.add(path, entry.getKeyNode().getStartMark(), "a key that is not text (expected: text)");
                continue;
            }
            NodeTuple first = entries.putIfAbsent(key.getValue(), entry);
            if (first != null) {
                findings.add(in(key.getValue()), key.getStartMark(),
                    "stands on line " + (first.getKeyNode().getStartMark().getLine() + 1) + " already (expected: once)");
            }
        }
    }

    /** Of all of it. */
    String path() {
        return path;
    }

    Mark start() {
        return node.getStartMark();
    }

    boolean has(String key) {
        return entries.containsKey(key);
    }

    /** The full path of a key. */
    String in(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** Where to look for what is wrong with a key: at its value, at the key itself when the value is longer, at this section without it. */
    Mark at(String key) {
        NodeTuple entry = entries.get(key);
        if (entry == null) {
            return node.getStartMark();
        }
        return (entry.getValueNode() instanceof ScalarNode ? entry.getValueNode() : entry.getKeyNode()).getStartMark();
    }

    void wrong(String key, String message) {
        findings.add(in(key), at(key), message);
    }

    <T> T read(String key, T otherwise, Function<String, T> parse) {
        Node value = value(key);
        return value == null ? otherwise : scalar(value, in(key), parse);
    }

    <T> Optional<T> optional(String key, Function<String, T> parse) {
        return Optional.ofNullable(read(key, null, parse));
    }

    /** @param expected what should stand there, when nothing does */
    <T> T required(String key, String expected, Function<String, T> parse) {
        if (value(key) == null) {
            wrong(key, "missing (expected: " + expected + ")");
            return null;
        }
        return read(key, null, parse);
    }

    String name(String key) {
        return required(key, "a name", Values::name);
    }

    int integer(String key, int otherwise, int min, int max) {
        Integer value = read(key, otherwise, text -> Values.integer(text, min, max));
        return value == null ? otherwise : value;
    }

    int weight(int min) {
        return integer("weight", 1, min, MAX_WEIGHT);
    }

    Duration duration(String key, Duration otherwise, boolean zeroIsGood) {
        return read(key, otherwise, text -> Values.duration(text, zeroIsGood));
    }

    Boolean flag(String key, Boolean otherwise) {
        return read(key, otherwise, Values::flag);
    }

    Optional<Section> section(String key) {
        Node value = value(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof MappingNode mapping) {
            return Optional.of(new Section(mapping, in(key), findings));
        }
        wrong(key, shown(value) + " (expected: a mapping)");
        return Optional.empty();
    }

    /** Each text of a list. */
    <T> List<T> texts(String key, Function<String, T> parse) {
        List<T> items = new ArrayList<>();
        List<Node> nodes = list(key);
        for (int i = 0; i < nodes.size(); i++) {
            T item = scalar(nodes.get(i), in(key) + "[" + i + "]", parse);
            if (item != null) {
                items.add(item);
            }
        }
        return items;
    }

    /** As the one below, where several may say the same. */
    <T> List<T> items(String key, Function<Section, T> reader) {
        return items(key, "", reader);
    }

    /** Each mapping of a list, without those that had findings; {@code identity} is the key by which no two may be the same. */
    <T> List<T> items(String key, String identity, Function<Section, T> reader) {
        List<T> items = new ArrayList<>();
        Map<String, String> seen = new LinkedHashMap<>();
        List<Node> nodes = list(key);
        for (int i = 0; i < nodes.size(); i++) {
            String at = in(key) + "[" + i + "]";
            if (!(nodes.get(i) instanceof MappingNode mapping)) {
                findings.add(at, nodes.get(i).getStartMark(), shown(nodes.get(i)) + " (expected: a mapping)");
                continue;
            }
            Section item = new Section(mapping, at, findings);
            T made = reader.apply(item);
            item.end();
            item.text(identity).ifPresent(text -> {
                String first = seen.putIfAbsent(text, at);
                if (first != null) {
                    item.wrong(identity, "\"" + text + "\" stands in " + first + " already (expected: once)");
                }
            });
            if (made != null) {
                items.add(made);
            }
        }
        return items;
    }

    /** A list with nothing in it, or none, is a finding. */
    void atLeastOne(String key, String example) {
        Node value = value(key);
        if (value == null || value instanceof SequenceNode sequence && sequence.getValue().isEmpty()) {
            wrong(key, (value == null ? "missing" : "an empty list") + " (expected: at least one, such as " + example + ")");
        }
    }

    /** A key that means nothing where it stands is a finding: nothing that is written is ignored. */
    void refuse(String key, String where, String expected) {
        if (value(key) != null) {
            wrong(key, "stands " + where + " (expected: " + expected + ")");
        }
    }

    /** What stands at a key, unread. */
    Optional<String> text(String key) {
        NodeTuple entry = entries.get(key);
        return entry != null && entry.getValueNode() instanceof ScalarNode scalar ? Optional.of(scalar.getValue()) : Optional.empty();
    }

    /** The record, or null when this section has a finding already or the record refuses. */
    <T> T make(Supplier<T> record) {
        if (findings.count() > findingsBefore) {
            return null;
        }
        try {
            return record.get();
        } catch (IllegalArgumentException e) {
            findings.add(path, node.getStartMark(), e.getMessage());
            return null;
        }
    }

    /** Says which keys nobody asked for. */
    void end() {
        entries.forEach((key, entry) -> {
            if (!known.contains(key)) {
                String hint = Suggestion.of(key, known).map(meant -> "did you mean " + meant + "?")
                    .orElse("expected: " + (known.size() > 1 ? "one of " : "") + String.join(", ", known));
                findings.add(in(key), entry.getKeyNode().getStartMark(), "unknown key (" + hint + ")");
            }
        });
    }

    /** Keys that are known though nobody reads them. */
    void knows(Collection<String> keys) {
        known.addAll(keys);
    }

    private Node value(String key) {
        known.add(key);
        NodeTuple entry = entries.get(key);
        return entry == null ? null : entry.getValueNode();
    }

    private List<Node> list(String key) {
        Node value = value(key);
        if (value instanceof SequenceNode sequence) {
            return sequence.getValue();
        }
        if (value != null) {
            wrong(key, shown(value) + " (expected: a list)");
        }
        return List.of();
    }

    private <T> T scalar(Node value, String at, Function<String, T> parse) {
        if (!(value instanceof ScalarNode scalar) || !value.getTag().startsWith(Tag.PREFIX)) {
            findings.add(at, value.getStartMark(), shown(value) + " (expected: a plain value)");
            return null;
        }
        try {
            return parse.apply(scalar.getValue());
        } catch (IllegalArgumentException e) {
            findings.add(at, value.getStartMark(), e.getMessage());
            return null;
        }
    }

    private static String shown(Node value) {
        if (!value.getTag().startsWith(Tag.PREFIX)) {
            return "tag " + value.getTag().getValue();
        }
        return value instanceof ScalarNode scalar ? "\"" + scalar.getValue() + "\"" : value instanceof MappingNode ? "a mapping" : "a list";
    }
}
