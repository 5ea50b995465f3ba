package mesh.control.backup;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.io.IOException;
import java.util.List;
import mesh.control.journal.RecordLog;
import mesh.v1.BackupPart;
import mesh.v1.BackupRequest;
import mesh.v1.BackupServiceGrpc;

/** {@code mesh.v1.BackupService}. On worker threads, because it reads from the disk. */
@GrpcService
@Blocking
public final class BackupService extends BackupServiceGrpc.BackupServiceImplBase {

    /** What is kept, in the order of {@link Backup#LOGS}. */
    public record Logs(List<RecordLog> all) {}

    private static final long LOOK_AGAIN_MILLIS = 5;

    private final Logs logs;

    public BackupService(Logs logs) {
        this.logs = logs;
    }

    @Override
    public void backup(BackupRequest request, StreamObserver<BackupPart> out) {
        var call = (ServerCallStreamObserver<BackupPart>) out;
        try {
            Backup.take(logs.all(), part -> {
                awaitReader(call);
                out.onNext(part);
            });
        } catch (IOException e) {
            out.onError(Status.UNAVAILABLE.withDescription("no backup: " + e.getMessage()).asRuntimeException());
            return;
        }
        out.onCompleted();
    }

    /** So that a slow reader costs no memory. */
    private static void awaitReader(ServerCallStreamObserver<BackupPart> call) throws IOException {
        try {
            while (!call.isReady()) {
                if (call.isCancelled()) {
                    throw new IOException("the caller left");
                }
                Thread.sleep(LOOK_AGAIN_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the control plane is stopping", e);
        }
    }
}
