package mesh.proxy.explain;

import java.util.List;
import java.util.Optional;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;

/**
 * A request that somebody asks about.
 *
 * @param listener the name of the one it comes to; empty where there is only one
 * @param method   such as {@code GET}
 * @param host     as in {@code Host}, with a port or without
 * @param target   path and query
 * @param headers  {@code name: value}
 */
public record Question(Optional<String> listener, String method, String host, String target, List<String> headers) {

    private static final String NAME = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";

    public Question {
        headers = List.copyOf(headers);
    }

    /** The head as a codec would make it; throws an IllegalArgumentException for what none would take. */
    RequestHead head() {
        if (host.isEmpty()) throw new IllegalArgumentException("host: missing (expected: the one that is asked for, such as shop.example)");
        RequestHead head = RequestHead.of(method, target, host);
        if (head.method() == Method.CONNECT) throw new IllegalArgumentException("method: \"CONNECT\" (expected: another; it is answered with 501)");
        for (String line : headers) {
            int colon = line.indexOf(':');
            String name = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(colon + 1).strip();
            if (colon < 0 || !name.matches(NAME) || !value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
                throw new IllegalArgumentException("header: \"" + line.replaceAll("[^ -~]", "?") + "\" (expected: name: value, of visible ASCII)");
            }
            if (name.equalsIgnoreCase("host")) throw new IllegalArgumentException("header: \"" + line + "\" (expected: none for the host, which is asked for apart)");
            head.add(name, value);
        }
        return head;
    }
}
