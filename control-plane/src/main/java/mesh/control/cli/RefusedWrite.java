package mesh.control.cli;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Optional;

/** A control plane refused what it was sent, and said what is wrong with each field. */
final class RefusedWrite extends CommandFailure {

    private static final long serialVersionUID = 1;

    private final transient List<FieldViolation> violations;

    private RefusedWrite(String message, List<FieldViolation> violations) {
        super(message);
        this.violations = violations;
    }

    /** Empty when the status has no such details. */
    static Optional<RefusedWrite> of(StatusRuntimeException e) {
        com.google.rpc.Status status = StatusProto.fromThrowable(e);
        if (status == null) {
            return Optional.empty();
        }
        for (Any detail : status.getDetailsList()) {
            if (detail.is(BadRequest.class)) {
                try {
                    return Optional.of(new RefusedWrite(status.getMessage(), detail.unpack(BadRequest.class).getFieldViolationsList()));
                } catch (InvalidProtocolBufferException unreadable) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    /** The same, each problem with its place in the file that was sent. */
    CommandFailure in(FileText file) {
        List<String> lines = message().lines().toList();
        StringBuilder text = new StringBuilder(lines.get(0));
        for (FieldViolation each : violations) {
            text.append("\n  ").append(file.place(each.getField())).append(' ').append(each.getField()).append(": ").append(each.getDescription());
            if (!each.getReason().isEmpty()) {
                text.append(" [").append(each.getReason()).append(']');
            }
        }
        // "and 7 more"
        if (lines.get(lines.size() - 1).startsWith("  and ")) {
            text.append('\n').append(lines.get(lines.size() - 1));
        }
        return new CommandFailure(text.toString());
    }

    private String message() {
        return getMessage();
    }
}
