package mesh.proxy.upstream;

import io.netty.channel.ConnectTimeoutException;
import java.io.IOException;
import javax.net.ssl.SSLException;
import mesh.proxy.outcome.Failure;

/** The one place that knows what Netty and the JDK throw when a connection cannot be made. */
final class Failures {

    private Failures() {}

    static Failure of(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof ConnectTimeoutException) return Failure.CONNECT_TIMEOUT;
            if (each instanceof SSLException) return Failure.TLS_REJECTED;
        }
        return cause instanceof IOException ? Failure.CONNECT_FAILED : Failure.INTERNAL;
    }
}
