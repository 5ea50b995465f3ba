package mesh.model;

import java.util.HashSet;
import java.util.List;

/**
 * What must hold of a request beside its path; all of it must.
 *
 * @param methods     one of these; empty for any. Compared with case (RFC 9110 section 9.1)
 * @param grpc        its content type is gRPC's
 * @param headers     each holds
 * @param queryParams each holds
 */
public record RequestMatch(List<String> methods, boolean grpc, List<HeaderMatch> headers, List<QueryMatch> queryParams) {

    /** Whatever the request. */
    public static final RequestMatch ANY = new RequestMatch(List.of(), false, List.of(), List.of());

    private static final int MOST = 64;

    public RequestMatch {
        methods = List.copyOf(methods);
        headers = List.copyOf(headers);
        queryParams = List.copyOf(queryParams);
        for (String method : methods) {
            if (!method.matches("[A-Z0-9!#$%&'*+.^_`|~-]{1,64}")) {
                throw new IllegalArgumentException("match method: \"" + method + "\" (expected: a method in capitals, such as GET)");
            }
        }
        if (new HashSet<>(methods).size() < methods.size()) {
            throw new IllegalArgumentException("match methods: " + methods + " (expected: none twice)");
        }
        if (methods.size() + headers.size() + queryParams.size() > MOST) {
            throw new IllegalArgumentException("match: " + (methods.size() + headers.size() + queryParams.size())
                + " methods, headers and queryParams (expected: at most " + MOST + ")");
        }
    }

    public static RequestMatch headers(HeaderMatch... headers) {
        return new RequestMatch(List.of(), false, List.of(headers), List.of());
    }

    public static RequestMatch methods(String... methods) {
        return new RequestMatch(List.of(methods), false, List.of(), List.of());
    }

    public static RequestMatch queryParams(QueryMatch... queryParams) {
        return new RequestMatch(List.of(), false, List.of(), List.of(queryParams));
    }

    public boolean isAny() {
        return equals(ANY);
    }

    /** Whether every request of which the other holds is one of which this one holds; false where that cannot be told. */
    boolean isImpliedBy(RequestMatch other) {
        return (methods.isEmpty() || !other.methods.isEmpty() && methods.containsAll(other.methods))
            && (!grpc || other.grpc)
            && headers.stream().allMatch(mine -> other.headers.stream().anyMatch(mine::isImpliedBy))
            && queryParams.stream().allMatch(mine -> other.queryParams.stream().anyMatch(mine::isImpliedBy));
    }
}
