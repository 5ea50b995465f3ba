package mesh.proxy.filter;

import java.nio.charset.StandardCharsets;
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
    private static final FieldName[] NOT_TO_BE_NAMED = {FieldName.HOST, FieldName.CONTENT_LENGTH, FieldName.TE};
    private static final String TRAILERS = "trailers";
    private static final byte[] ONLY_TRAILERS = TRAILERS.getBytes(StandardCharsets.US_ASCII);

    private HopHeaders() {}

    /** An upgrade that is asked for is kept, as is the wish for trailers, which we fulfil (RFC 9110 section 10.1.4). */
    public static void strip(RequestHead head) {
        boolean upgrade = head.isUpgrade();
        stripFields(head, upgrade);
        if (!upgrade) head.remove(FieldName.UPGRADE);
        if (head.contains(FieldName.TE)) stripCodings(head);
    }

    /** A {@code 101} keeps the protocol it names; other answers may not offer any, since we would not carry it. */
    public static void strip(ResponseHead head) {
        boolean upgrade = head.status() == 101;
        stripFields(head, upgrade);
        if (!upgrade) head.remove(FieldName.UPGRADE);
    }

    private static void stripFields(Fields head, boolean upgrade) {
        for (int i = head.indexOf(FieldName.CONNECTION, 0); i >= 0; i = head.indexOf(FieldName.CONNECTION, 0)) {
            int list = head.valueStart(i), end = head.valueEnd(i);
            // Only leaves the index: the list can still be read in the text.
            head.remove(i);
            stripNamed(head, list, end, upgrade);
        }
        for (FieldName name : OF_ONE_HOP) head.remove(name);
    }

    private static void stripNamed(Fields head, int list, int listEnd, boolean upgrade) {
        byte[] text = head.text();
        for (int from = list, end; from < listEnd; from = end + 1) {
            for (end = from; end < listEnd && text[end] != ','; ) end++;
            int to = end;
            while (from < to && isBlank(text[from])) from++;
            while (from < to && isBlank(text[to - 1])) to--;
            if (mayStrip(text, from, to, upgrade)) head.removeNamed(from, to);
        }
    }

    private static boolean mayStrip(byte[] text, int from, int to, boolean upgrade) {
        if (upgrade && FieldName.UPGRADE.matches(text, from, to)) return false;
        for (FieldName name : NOT_TO_BE_NAMED) {
            if (name.matches(text, from, to)) return false;
        }
        return true;
    }

    private static void stripCodings(RequestHead head) {
        int te = head.indexOf(FieldName.TE, 0);
        if (head.valueIs(te, ONLY_TRAILERS) && head.indexOf(FieldName.TE, te + 1) < 0) return;
        boolean trailers = head.hasToken(FieldName.TE, TRAILERS);
        head.remove(FieldName.TE);
        if (trailers) head.add(FieldName.TE, TRAILERS);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }
}
