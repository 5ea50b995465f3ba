package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.ServicePort;

/** What a service's port says of itself, by its {@code appProtocol}, or else by what its name begins with ({@code grpc-internal}), as Istio reads them. */
enum DeclaredProtocol {
    /** Also what says nothing. */
    TCP,
    /** Whichever version is asked by. */
    HTTP,
    /** HTTP/2 alone, such as gRPC. */
    HTTP2;

    static DeclaredProtocol of(ServicePort port) {
        String said = port.getAppProtocol();
        String name = port.getName() == null ? "" : port.getName();
        return switch (said == null || said.isEmpty() ? name.split("-", 2)[0] : said) {
            case "kubernetes.io/h2c", "http2", "h2c", "grpc" -> HTTP2;
            case "http", "kubernetes.io/ws", "ws", "grpc-web" -> HTTP;
            default -> TCP;
        };
    }
}
