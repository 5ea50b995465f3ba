package mesh.proxy.exchange;

import io.netty.channel.Channel;
import java.util.random.RandomGenerator;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;

/** What is changed in the heads of one client's requests and of their answers. On the connection's loop only. */
public final class ClientFilters {
    public static ClientFilters of(Channel client, RandomGenerator random) { return new ClientFilters(); }
    void onRequest(RequestHead request, String hostRewrite) { if (hostRewrite != null) request.setAuthority(hostRewrite); request.remove(FieldName.X_ENVOY_ATTEMPT_COUNT); }
    void onResponse(ResponseHead response) {}
}
