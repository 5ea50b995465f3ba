package mesh.control.stream;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import java.util.regex.Pattern;
import mesh.xds.ResourceType;

/**
 * What one client, and all of them together, may ask for. Far above what a sidecar needs; there so that one that is broken or hostile
 * costs itself its stream and nobody else anything.
 *
 * @param streams    open at a time
 * @param ofOne      open at a time by one identity, so that one workload alone cannot keep all others out
 * @param names      that a client names or holds, of each type
 * @param bytes      in one request
 * @param unanswered responses that a client has not answered and asks for more
 * @param response   bytes of resources in one response, unless a single resource is longer: for a client that reads slowly, one response
 *                   waits
 */
record StreamLimits(int streams, int ofOne, int names, int bytes, int unanswered, int response) {

    static final StreamLimits DEFAULT = new StreamLimits(10_000, 5_000, 10_000, 1 << 20, 4096, 64 << 10);

    private static final int NAME_LENGTH = 255;
    private static final int MESSAGE_LENGTH = 4096;
    private static final Pattern CONTROLS = Pattern.compile("[\\p{Cntrl}\\x{80}-\\x{9f}\\x{2028}\\x{2029}]+");

    /** A client went beyond a limit; the message says which. */
    static final class Exceeded extends RuntimeException {
        Exceeded(String message) {
            super(message, null, false, false);
        }
    }

    void check(DeltaDiscoveryRequest request) {
        checkBytes(request);
        request.getResourceNamesSubscribeList().forEach(StreamLimits::checkName);
        request.getInitialResourceVersionsMap().keySet().forEach(StreamLimits::checkName);
    }

    void check(DiscoveryRequest request) {
        checkBytes(request);
        request.getResourceNamesList().forEach(StreamLimits::checkName);
    }

    private void checkBytes(Message request) {
        if (request.getSerializedSize() > bytes) {
            throw new Exceeded("request: " + request.getSerializedSize() + " bytes (expected: at most " + bytes + ")");
        }
    }

    private static void checkName(String name) {
        if (name.isEmpty() || name.length() > NAME_LENGTH) {
            throw new Exceeded("resource name: " + name.length() + " characters (expected: 1 to " + NAME_LENGTH + ")");
        }
    }

    void checkSize(ResourceType type, int size) {
        if (size > names) {
            throw new Exceeded(type.shortName() + ": " + size + " names (expected: at most " + names + ")");
        }
    }

    void checkUnanswered(int count) {
        if (count > unanswered) {
            throw new Exceeded(count + " responses without an answer (expected: at most " + unanswered + ")");
        }
    }

    /** A stranger's text for logs and lists: one line, of a readable length, without what moves a terminal's cursor. */
    static String readable(String message) {
        String text = message.length() <= MESSAGE_LENGTH ? message : message.substring(0, MESSAGE_LENGTH) + "…";
        return CONTROLS.matcher(text).replaceAll(" ");
    }
}
