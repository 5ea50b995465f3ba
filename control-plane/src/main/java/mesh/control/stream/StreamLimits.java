package mesh.control.stream;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import mesh.xds.ResourceType;

/**
 * What one client, and all of them together, may ask for. Far above what a sidecar needs; there so that one that is broken or hostile
 * costs itself its stream and nobody else anything.
 *
 * @param streams open at a time
 * @param names   that a client names or holds, of each type
 * @param bytes   in one request
 */
record StreamLimits(int streams, int names, int bytes) {

    static final StreamLimits DEFAULT = new StreamLimits(10_000, 10_000, 1 << 20);

    private static final int NAME_LENGTH = 255;
    private static final int MESSAGE_LENGTH = 4096;

    /** A client went beyond a limit; the message says which. */
    static final class Exceeded extends RuntimeException {
        Exceeded(String message) {
            super(message, null, false, false);
        }
    }

    void check(DeltaDiscoveryRequest request) {
        if (request.getSerializedSize() > bytes) {
            throw new Exceeded("request: " + request.getSerializedSize() + " bytes (expected: at most " + bytes + ")");
        }
        request.getResourceNamesSubscribeList().forEach(StreamLimits::checkName);
        request.getInitialResourceVersionsMap().keySet().forEach(StreamLimits::checkName);
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

    /** An error text that is kept is cut to a readable length. */
    String shorten(String message) {
        return message.length() <= MESSAGE_LENGTH ? message : message.substring(0, MESSAGE_LENGTH) + "…";
    }
}
