package mesh.config;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/** Bytes to YAML nodes. Stops at nodes: no tag is ever obeyed, no object made. */
final class YamlDocument {

    private static final int MAX_DEPTH = 32;
    private static final int MAX_ALIASES = 100;
    /** With every alias replaced by what it stands for: aliases of aliases grow a small file without limit. */
    private static final int MAX_NODES = 200_000;

    private YamlDocument() {}

    /**
     * The mapping at the top, or empty and a finding.
     *
     * @param expected what stands there in a file that is right
     */
    static Optional<MappingNode> compose(byte[] content, Findings findings, String expected) {
        if (content.length > ConfigReader.MAX_BYTES) {
            findings.add("", null, "larger than " + ConfigReader.MAX_BYTES + " bytes (expected: at most that)");
            return Optional.empty();
        }
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
            return mapping(node(text), findings, expected);
        } catch (CharacterCodingException e) {
            findings.add("", null, "bytes that are not UTF-8 (expected: UTF-8)");
        } catch (MarkedYAMLException e) {
            findings.add("", e.getProblemMark(), "not YAML: " + (e.getContext() == null ? "" : e.getContext() + ", ") + e.getProblem());
        } catch (YAMLException e) {
            findings.add("", null, "not YAML: " + e.getMessage());
        }
        return Optional.empty();
    }

    private static Node node(String text) {
        LoaderOptions limits = new LoaderOptions();
        limits.setCodePointLimit(ConfigReader.MAX_BYTES);
        limits.setNestingDepthLimit(MAX_DEPTH);
        limits.setMaxAliasesForCollections(MAX_ALIASES);
        StreamReader reader = new StreamReader(text);
        return new Composer(new ParserImpl(reader, limits), new Resolver(), limits).getSingleNode();
    }

    private static Optional<MappingNode> mapping(Node root, Findings findings, String expected) {
        if (root == null) {
            findings.add("", null, "empty (expected: " + expected + ")");
            return Optional.empty();
        }
        long nodes = count(root, new IdentityHashMap<>());
        if (nodes < 0) {
            findings.add("", root.getStartMark(), "an alias to what it stands in (expected: none)");
            return Optional.empty();
        }
        if (nodes > MAX_NODES) {
            findings.add("", root.getStartMark(), "more than " + MAX_NODES + " values, aliases counted as what they stand for (expected: fewer)");
            return Optional.empty();
        }
        if (root instanceof MappingNode mapping) {
            return Optional.of(mapping);
        }
        findings.add("", root.getStartMark(), "not a mapping (expected: " + expected + ")");
        return Optional.empty();
    }

    /** Nodes with aliases replaced; less than 0 when one stands in itself. Each node is looked at once. */
    private static long count(Node node, Map<Node, Long> known) {
        Long before = known.putIfAbsent(node, -1L);
        if (before != null) {
            return before;
        }
        long sum = 1;
        if (node instanceof SequenceNode sequence) {
            for (Node item : sequence.getValue()) {
                sum = plus(sum, count(item, known));
            }
        } else if (node instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                sum = plus(sum, count(entry.getKeyNode(), known));
                sum = plus(sum, count(entry.getValueNode(), known));
            }
        }
        known.put(node, sum);
        return sum;
    }

    private static long plus(long sum, long more) {
        return sum < 0 || more < 0 ? -1 : Math.min(sum + more, MAX_NODES + 1L);
    }
}
