package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;

/**
 * Packs heads (RFC 7541): names that the static table knows by their index, everything else as it lies. The peer is asked to remember
 * nothing, as HAProxy does it: between neighbours bytes are cheaper than tables.
 */
final class HpackEncoder {

    private static final int INDEXED = 0x80, WITHOUT_INDEXING = 0x00, NEVER_INDEXED = 0x10, RESIZE = 0x20;

    private static final FieldName AUTHORIZATION = FieldName.of("authorization"), SET_COOKIE = FieldName.of("set-cookie");

    private int tableBytes = 4096;
    private boolean resized;

    /** The peer has said how much it remembers; that it gets nothing to remember it must only be told when that is less than before. */
    void peerTable(long bytes) {
        if (bytes >= tableBytes) return;
        tableBytes = (int) bytes;
        resized = true;
    }

    void request(RequestHead head, boolean tls, ByteBuf out) {
        begin(out);
        if (head.method() == Method.GET) indexed(StaticTable.METHOD_GET, out);
        else if (head.method() == Method.POST) indexed(StaticTable.METHOD_POST, out);
        else literal(StaticTable.METHOD_GET, head.method().name(), out);
        indexed(tls ? StaticTable.SCHEME_HTTPS : StaticTable.SCHEME_HTTP, out);
        int host = head.indexOf(FieldName.HOST, 0);
        if (host >= 0 && isSaid(head, host)) {
            literal(StaticTable.AUTHORITY, WITHOUT_INDEXING, head.text(), head.valueStart(host), head.valueEnd(host), out);
        }
        literal(StaticTable.PATH_SLASH, WITHOUT_INDEXING, head.text(), head.targetStart(), head.targetEnd(), out);
        fields(head, out);
    }

    private static boolean isSaid(Fields head, int field) {
        return head.valueStart(field) < head.valueEnd(field);
    }

    void response(ResponseHead head, ByteBuf out) {
        begin(out);
        int known = StaticTable.status(head.status());
        if (known != 0) indexed(known, out);
        else literal(StaticTable.STATUS_200, Integer.toString(head.status()), out);
        fields(head, out);
    }

    void trailers(Fields trailers, ByteBuf out) {
        begin(out);
        fields(trailers, out);
    }

    private void begin(ByteBuf out) {
        if (!resized) return;
        resized = false;
        integer(RESIZE, 5, tableBytes, out);
    }

    private void fields(Fields head, ByteBuf out) {
        byte[] text = head.text();
        for (int i = 0; i < head.count(); i++) {
            int from = head.nameStart(i), to = head.nameEnd(i);
            // In place: names mean the same in any case, and here they must be lower (RFC 9113 section 8.2).
            head.lowerName(i);
            int index = StaticTable.find(text, from, to);
            // Host has gone out as :authority, which may not be empty (RFC 9113 section 8.3.1); an empty Host goes out as itself.
            if (index == StaticTable.HOST && isSaid(head, i) || FieldRules.isOfOneHop(text, from, to)) continue;
            int form = head.isSensitive() || isSecret(text, from, to) ? NEVER_INDEXED : WITHOUT_INDEXING;
            if (index == 0) {
                out.writeByte(form);
                string(text, from, to, out);
                string(text, head.valueStart(i), head.valueEnd(i), out);
            } else {
                literal(index, form, text, head.valueStart(i), head.valueEnd(i), out);
            }
        }
    }

    /** Section 7.1.3: what guessing must not find out. */
    private static boolean isSecret(byte[] text, int from, int to) {
        return switch (to - from) {
            case 6 -> FieldRules.COOKIE.matches(text, from, to);
            case 10 -> SET_COOKIE.matches(text, from, to);
            case 13 -> AUTHORIZATION.matches(text, from, to);
            default -> false;
        };
    }

    private static void indexed(int index, ByteBuf out) {
        out.writeByte(INDEXED | index);
    }

    private static void literal(int index, int form, byte[] text, int from, int to, ByteBuf out) {
        integer(form, 4, index, out);
        string(text, from, to, out);
    }

    private static void literal(int index, CharSequence value, ByteBuf out) {
        integer(WITHOUT_INDEXING, 4, index, out);
        integer(0, 7, value.length(), out);
        for (int i = 0; i < value.length(); i++) out.writeByte(value.charAt(i));
    }

    private static void string(byte[] text, int from, int to, ByteBuf out) {
        integer(0, 7, to - from, out);
        out.writeBytes(text, from, to - from);
    }

    private static void integer(int form, int prefix, int n, ByteBuf out) {
        int mask = (1 << prefix) - 1;
        if (n < mask) {
            out.writeByte(form | n);
            return;
        }
        out.writeByte(form | mask);
        int left = n - mask;
        for (; left >= 0x80; left >>>= 7) out.writeByte(left & 0x7f | 0x80);
        out.writeByte(left);
    }
}
