package mesh.control.cli;

import com.google.common.base.CaseFormat;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** A configuration file as it was written, YAML or JSON, to find the line of a field in it. JSON is YAML. */
record FileText(String name, String text) {

    /** By which the parts of lists are called: {@code routes.outbound} is the one whose name is so. */
    private static final Set<String> NAMES = Set.of("name", "address");

    /**
     * {@code file:line:column} of a field, or of the innermost part of it that is there; without line where nothing is.
     *
     * @param path {@code config.clusters[0].balancer}, or by names as in {@code clusters.payments.balancer}
     */
    String place(String path) {
        Node root;
        try {
            root = new Yaml(new SafeConstructor(new LoaderOptions())).compose(new StringReader(text));
        } catch (YAMLException e) {
            return name + ":";
        }
        if (root == null) {
            return name + ":";
        }
        String within = path.startsWith("config.") ? path.substring("config.".length()) : path;
        Node found = find(root, within);
        return name + ":" + (found.getStartMark().getLine() + 1) + ":" + (found.getStartMark().getColumn() + 1);
    }

    private static Node find(Node at, String path) {
        if (path.isEmpty()) {
            return at;
        }
        for (Step step : steps(at)) {
            boolean ends = path.length() == step.name.length();
            if (path.startsWith(step.name) && (ends || path.charAt(step.name.length()) == '.' || path.charAt(step.name.length()) == '[')) {
                String rest = ends ? "" : path.substring(step.name.length() + (path.charAt(step.name.length()) == '.' ? 1 : 0));
                return rest.isEmpty() ? step.key : find(step.node, rest);
            }
        }
        // A list by names that says in between what it is: routes.outbound.payments.all stands for virtual_hosts and routes.
        for (Step step : steps(at)) {
            if (step.node instanceof SequenceNode) {
                Node found = find(step.node, path);
                if (found != step.node) {
                    return found;
                }
            }
        }
        return at;
    }

    /**
     * One way to go on.
     *
     * @param key where it is written
     */
    private record Step(String name, Node key, Node node) {}

    private static List<Step> steps(Node at) {
        List<Step> steps = new ArrayList<>();
        if (at instanceof MappingNode map) {
            for (NodeTuple each : map.getValue()) {
                if (each.getKeyNode() instanceof ScalarNode key) {
                    steps.add(new Step(snake(key.getValue()), key, each.getValueNode()));
                }
            }
        } else if (at instanceof SequenceNode list) {
            for (int i = 0; i < list.getValue().size(); i++) {
                Node item = list.getValue().get(i);
                steps.add(new Step("[" + i + "]", item, item));
                if (item instanceof MappingNode map) {
                    for (NodeTuple each : map.getValue()) {
                        if (each.getKeyNode() instanceof ScalarNode key && NAMES.contains(key.getValue()) && each.getValueNode() instanceof ScalarNode value) {
                            steps.add(new Step(value.getValue(), item, item));
                        }
                    }
                }
            }
        }
        return steps;
    }

    /** Files may have either form of a field's name. */
    private static String snake(String key) {
        return key.indexOf('_') >= 0 ? key : CaseFormat.LOWER_CAMEL.to(CaseFormat.LOWER_UNDERSCORE, key);
    }
}
