package mesh.proxy.discovery;

import java.util.ArrayList;
import java.util.List;
import mesh.model.Problem;
import mesh.xds.Decoded;
import mesh.xds.ResourceType;

/**
 * One response of a control plane, decoded.
 *
 * @param version   the control plane's version of its whole configuration; "" if it does not tell, or not yet
 * @param whole     whether the control plane promises that the response which completes a version carries its number, as ours does
 * @param resources new or changed
 * @param removed   names that are no longer there
 */
record Push(ResourceType type, String version, boolean whole, List<Resource> resources, List<String> removed) {

    /**
     * @param version of this resource alone
     * @param decoded the record of the model, or what is wrong
     */
    record Resource(String name, String version, Decoded<?> decoded) {}

    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        for (Resource resource : resources) {
            if (resource.decoded instanceof Decoded.Bad<?> bad) {
                problems.addAll(bad.problems());
            }
        }
        return problems;
    }
}
