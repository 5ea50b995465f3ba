package mesh.proxy.filter;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;

/**
 * Takes away what was meant for us and goes no further (RFC 9110 section 7.6.1): the fields that {@code Connection} names, and those that
 * are never meant for more than one hop. How the next hop is framed and kept its codec says itself.
 */
public final class HopHeaders {

    private static final FieldName[] OF_ONE_HOP = {
        FieldName.CONNECTION, FieldName.KEEP_ALIVE, FieldName.PROXY_CONNECTION, FieldName.PROXY_AUTHENTICATE,
        FieldName.PROXY_AUTHORIZATION, FieldName.TRANSFER_ENCODING
    };
    /** Named by {@code Connection} like any other, but they decide where a request goes and where its body ends. */
    private static final FieldName[] NOT_TO_BE_NAMED = {FieldName.HOST, FieldName.CONTENT_LENGTH};
    private static final String TRAILERS = "trailers";

    private HopHeaders() {}

    /** An upgrade that is asked for is kept, as is the wish for trailers, which we fulfil (RFC 9110 section 10.1.4). */
    public static void strip(RequestHead head) {
        boolean upgrade = head.isUpgrade();
        boolean trailers = head.contains(FieldName.TE) && head.hasToken(FieldName.TE, TRAILERS);
        stripFields(head, upgrade);
        if (!upgrade) head.remove(FieldName.UPGRADE);
        head.remove(FieldName.TE);
        if (trailers) head.add(FieldName.TE, TRAILERS);
    }

    /** A {@code 101} keeps the protocol it names; other answers may not offer any, since we would not carry it. */
    public static void strip(ResponseHead head) {
        boolean upgrade = head.status() == 101;
        stripFields(head, upgrade);
        if (!upgrade) head.remove(FieldName.UPGRADE);
    }

    private static void stripFields(Fields head, boolean upgrade) {
        if (head.contains(FieldName.CONNECTION)) stripNamed(head, upgrade);
        for (FieldName name : OF_ONE_HOP) head.remove(name);
    }

    private static void stripNamed(Fields head, boolean upgrade) {
        for (int i = head.indexOf(FieldName.CONNECTION, 0); i >= 0; i = head.indexOf(FieldName.CONNECTION, i)) {
            String list = head.value(i);
            head.remove(i);
            for (String each : list.split(",")) {
                String token = each.strip();
                if (mayStrip(token, upgrade)) head.remove(FieldName.of(token));
            }
            // Fewer fields stand before the next one now; from the beginning again.
            i = 0;
        }
    }

    private static boolean mayStrip(String token, boolean upgrade) {
        if (!isToken(token) || upgrade && token.equalsIgnoreCase(FieldName.UPGRADE.toString())) return false;
        for (FieldName name : NOT_TO_BE_NAMED) {
            if (token.equalsIgnoreCase(name.toString())) return false;
        }
        return true;
    }

    /** What is no field's name names nothing. */
    private static boolean isToken(String text) {
        if (text.isEmpty()) return false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c >= 0x7f || "\"(),/:;<=>?@[\\]{}".indexOf(c) >= 0) return false;
        }
        return true;
    }
}
