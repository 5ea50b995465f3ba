package mesh.proxy.tracing;

import mesh.proxy.outcome.Failure;

/**
 * What a request was and how it has ended; null where there is nothing to say. Made on an event loop of what is there anyway.
 *
 * @param method     as it came
 * @param standard   whether that is a method that everybody knows
 * @param target     path and query that were asked for; only the path is told, as a query may hold secrets
 * @param sentPath   without the query, as it was sent on
 * @param scheme     of the client's connection
 * @param authority  Host or {@code :authority}
 * @param version    1.1 or 2
 * @param status     what the client was answered; 0 for nothing
 * @param unretried  one of {@link mesh.proxy.outcome.ResponseFlags}
 * @param route      name of its route
 * @param cluster    name of its cluster
 * @param peer       the client's SPIFFE id
 * @param client     the client's address and port
 * @param userAgent  its {@code user-agent}
 * @param grpc       whether it is a call of gRPC
 * @param grpcStatus -1 where nobody has said it
 * @param at         elapsed time
 */
public record RequestEnd(
    String method, boolean standard, String target, String sentPath, String scheme, String authority, String version, int status, Failure failure,
    boolean delayed, String unretried, String route, String cluster, String peer, String client, String userAgent, boolean grpc, int grpcStatus,
    long at) {

    /** As Envoy's {@code max_path_tag_length}; what is longer is cut, so that what waits for the collector stays small. */
    private static final int LONGEST = 256;

    public RequestEnd {
        int query = target.indexOf('?');
        target = cut(query < 0 ? target : target.substring(0, query));
        method = cut(method);
        sentPath = cut(sentPath);
        authority = cut(authority);
        userAgent = cut(userAgent);
    }

    private static String cut(String text) {
        return text == null || text.length() <= LONGEST ? text : text.substring(0, LONGEST);
    }
}
