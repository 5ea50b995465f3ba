package mesh.proxy.route;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;

/** The content type is gRPC's. */
record GrpcCondition() implements Condition {

    @Override
    public boolean holds(RequestHead head) {
        return head.isGrpc();
    }

    @Override
    public String subject() {
        return "header " + FieldName.CONTENT_TYPE;
    }

    @Override
    public String expected() {
        return "application/grpc";
    }

    @Override
    public String found(RequestHead head) {
        String type = head.get(FieldName.CONTENT_TYPE);
        return type == null ? "absent" : "\"" + type + "\"";
    }
}
