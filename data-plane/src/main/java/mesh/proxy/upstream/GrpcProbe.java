package mesh.proxy.upstream;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import mesh.model.Address;
import mesh.model.HealthCheckPolicy.Grpc;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.loop.ProxyLoop;

/** Asks by {@code grpc.health.v1.Health/Check} (github.com/grpc/grpc, doc/health-checking.md). Its two messages have a field each. */
final class GrpcProbe extends StreamProbe {

    private static final String PATH = "/grpc.health.v1.Health/Check";
    private static final FieldName GRPC_STATUS = FieldName.of("grpc-status");
    private static final FieldName GRPC_MESSAGE = FieldName.of("grpc-message");
    private static final List<String> STATUSES = List.of("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN");
    private static final int FIELD = 1;
    /** Whether it is compressed, and how long it is. */
    private static final int PREFIX = 5;

    private final Grpc check;
    private final String cluster;
    private final Address address;
    private final byte[] request;
    private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
    private int httpStatus;

    GrpcProbe(Connector connector, ProxyLoop loop, Address address, ConnectSettings settings, boolean reuse, Grpc check, String cluster) {
        super(connector, loop, address, settings, true, reuse);
        this.check = check;
        this.cluster = cluster;
        this.address = address;
        this.request = message(check.service());
    }

    private static byte[] message(String service) {
        byte[] message = new byte[service.isEmpty() ? 0 : CodedOutputStream.computeStringSize(FIELD, service)];
        CodedOutputStream out = CodedOutputStream.newInstance(message);
        try {
            if (!service.isEmpty()) out.writeString(FIELD, service);
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
        return message;
    }

    @Override
    RequestHead question() {
        httpStatus = 0;
        answer.reset();
        RequestHead head = head("POST", PATH, check.authority().orElse(cluster), address);
        head.set(USER_AGENT_FIELD, HttpProbe.USER_AGENT);
        head.set(FieldName.CONTENT_TYPE, "application/grpc");
        head.set(FieldName.TE, "trailers");
        return head;
    }

    @Override
    ByteBuf body() {
        return Unpooled.buffer(PREFIX + request.length).writeByte(0).writeInt(request.length).writeBytes(request);
    }

    @Override
    void onHead(ResponseHead head) {
        httpStatus = head.status();
    }

    @Override
    void onBody(ByteBuf part) {
        while (part.isReadable()) answer.write(part.readByte());
    }

    @Override
    void judge(Fields trailers, Outcome outcome) {
        String status = trailers == null ? null : trailers.get(GRPC_STATUS);
        if (httpStatus != 200) outcome.onAnswer(Answer.FAILURE, "HTTP status " + httpStatus + " to " + PATH + " (expected: 200)");
        else if (status == null) outcome.onAnswer(Answer.NETWORK_FAILURE, "no grpc-status");
        else if (!status.equals("0")) outcome.onAnswer(Answer.FAILURE, "grpc-status " + status + message(trailers) + " (expected: 0)");
        else judge(outcome);
    }

    private static String message(Fields trailers) {
        String message = trailers.get(GRPC_MESSAGE);
        return message == null ? "" : ", " + message;
    }

    private void judge(Outcome outcome) {
        int serving;
        try {
            serving = status(answer.toByteArray());
        } catch (IOException e) {
            outcome.onAnswer(Answer.NETWORK_FAILURE, "no HealthCheckResponse: " + e.getMessage());
            return;
        }
        String text = serving >= 0 && serving < STATUSES.size() ? STATUSES.get(serving) : Integer.toString(serving);
        if (serving == 1) outcome.onAnswer(Answer.SUCCESS, text);
        else outcome.onAnswer(Answer.FAILURE, text + " (expected: SERVING)");
    }

    private static int status(byte[] framed) throws IOException {
        CodedInputStream prefix = CodedInputStream.newInstance(framed);
        if (framed.length < PREFIX || prefix.readRawByte() != 0) throw new IOException("not one plain message");
        int length = Integer.reverseBytes(prefix.readRawLittleEndian32());
        if (length != framed.length - PREFIX) throw new IOException("not one whole message");
        CodedInputStream in = ByteString.copyFrom(framed, PREFIX, length).newCodedInput();
        int status = 0;
        for (int tag; (tag = in.readTag()) != 0; ) {
            if (tag == FIELD << 3) status = in.readEnum();
            else if (!in.skipField(tag)) throw new IOException("not a message");
        }
        return status;
    }
}
