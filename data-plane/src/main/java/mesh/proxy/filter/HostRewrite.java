package mesh.proxy.filter;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;

/** Sends another Host upstream; the one that was asked for goes along in {@code x-forwarded-host}, unless a hop before us has said it. */
public final class HostRewrite {

    private HostRewrite() {}

    /** @param host in its place, or null to leave it */
    public static void apply(RequestHead head, String host) {
        if (host == null) return;
        if (!head.contains(FieldName.X_FORWARDED_HOST) && head.contains(FieldName.HOST)) {
            head.add(FieldName.X_FORWARDED_HOST, head.authority());
        }
        head.setAuthority(host);
    }
}
