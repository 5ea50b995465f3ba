package mesh.model;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What is changed in the fields of a head: first those that go, then those that come, in order, as in Envoy.
 *
 * @param remove names of fields that are taken away, all of each
 * @param add    fields that are written
 */
public record HeaderChanges(List<String> remove, List<HeaderChange> add) {

    public static final HeaderChanges NONE = new HeaderChanges(List.of(), List.of());

    /** What a field may be called (RFC 9110 section 5.6.2). */
    private static final String NAME = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";
    /** Who is spoken to, how a message is framed, and what is meant for one hop: for codecs to say. */
    private static final Set<String> FRAMING = Set.of("host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
        "proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade");
    /** Who the client is: for its certificate to say. */
    private static final Set<String> IDENTITY = Set.of("x-forwarded-client-cert");

    public HeaderChanges {
        remove = remove.stream().map(HeaderChanges::checkedName).toList();
        add = List.copyOf(add);
        if (new HashSet<>(remove).size() < remove.size()) {
            throw new IllegalArgumentException("headers removed: " + remove + " (expected: each once)");
        }
    }

    public boolean isEmpty() {
        return remove.isEmpty() && add.isEmpty();
    }

    /** In lower case; throws an IllegalArgumentException for a field that is not for a route to change. */
    public static String checkedName(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (FRAMING.contains(lower) || lower.startsWith(":")) {
            throw new IllegalArgumentException("header \"" + name + "\" (expected: none that frames or addresses a message; hostRewrite changes the Host)");
        }
        if (IDENTITY.contains(lower)) {
            throw new IllegalArgumentException("header \"" + name + "\" (expected: none that says who a client is; certificates do)");
        }
        if (!name.matches(NAME)) {
            throw new IllegalArgumentException("header \"" + name + "\" (expected: a field name such as x-team)");
        }
        return lower;
    }
}
