package mesh.control.admin;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import mesh.control.ca.IdentityService;
import mesh.control.ca.IssueRefusedException;
import mesh.control.rollout.RolloutOnException;
import mesh.control.store.StaleVersionException;
import mesh.control.store.StoreUnavailableException;
import mesh.model.Problem;
import org.jboss.logging.Logger;

/** What an RPC that was refused answers. */
final class Refusal {

    private static final Logger LOG = Logger.getLogger(Refusal.class);

    /**
     * How many bytes of problems are told. They travel three times (as text, and in the details as text and one by one, in Base64), and
     * many clients take no more than 8 KiB of trailers: a longer answer would reach them as a broken stream and say nothing.
     */
    private static final int MOST_BYTES = 1900;

    private Refusal() {}

    /** INVALID_ARGUMENT with a field violation for each problem; the text lists them too, because that is what most tools show. */
    static StatusRuntimeException of(List<Problem> problems) {
        StringBuilder text = new StringBuilder()
            .append(problems.size()).append(problems.size() == 1 ? " problem" : " problems").append(", nothing was changed:");
        BadRequest.Builder details = BadRequest.newBuilder();
        int bytes = 0;
        for (Problem problem : problems) {
            bytes += problem.path().length() + problem.message().length();
            if (bytes > MOST_BYTES && details.getFieldViolationsCount() > 0) {
                text.append("\n  and ").append(problems.size() - details.getFieldViolationsCount()).append(" more");
                break;
            }
            text.append("\n  ").append(problem.path()).append(": ").append(problem.message());
            details.addFieldViolationsBuilder().setField(problem.path()).setDescription(problem.message()).setReason(ProblemCode.of(problem).name());
        }
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
            .setCode(Code.INVALID_ARGUMENT_VALUE)
            .setMessage(text.toString())
            .addDetails(Any.pack(details.build()))
            .build());
    }

    /** The answer to what an edit threw. */
    static StatusRuntimeException of(RuntimeException thrown) {
        if (thrown instanceof StatusRuntimeException status) {
            return status;
        }
        if (thrown instanceof IssueRefusedException refused) {
            return IdentityService.status(refused);
        }
        if (thrown instanceof StaleVersionException) {
            return Status.ABORTED.withDescription(thrown.getMessage()).asRuntimeException();
        }
        if (thrown instanceof RolloutOnException) {
            return Status.FAILED_PRECONDITION.withDescription(thrown.getMessage()).asRuntimeException();
        }
        if (thrown instanceof NotThereException) {
            return Status.NOT_FOUND.withDescription(thrown.getMessage()).asRuntimeException();
        }
        if (thrown instanceof StoreUnavailableException unavailable) {
            Status status = unavailable.isFull() ? Status.RESOURCE_EXHAUSTED : Status.UNAVAILABLE;
            return status.withDescription(thrown.getMessage()).asRuntimeException();
        }
        LOG.error("admin request failed", thrown);
        return Status.INTERNAL.withDescription("a fault of the control plane, see its log").asRuntimeException();
    }
}
