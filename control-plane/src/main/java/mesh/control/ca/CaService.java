package mesh.control.ca;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.io.IOException;
import java.math.BigInteger;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.control.ca.Authorities.Phase;
import mesh.control.messages.Values;
import mesh.control.ports.Peer;
import mesh.control.store.StoreUnavailableException;
import mesh.model.BanList;
import mesh.model.SpiffeId;
import mesh.pki.PemFiles;
import mesh.v1.Authority;
import mesh.v1.BanEntry;
import mesh.v1.BanRequest;
import mesh.v1.Blocker;
import mesh.v1.CaServiceGrpc;
import mesh.v1.CaStatus;
import mesh.v1.GetCaStatusRequest;
import mesh.v1.IssueLogHead;
import mesh.v1.RotateCaRequest;
import mesh.v1.UnbanRequest;
import mesh.v1.VerifyIssueLogRequest;
import mesh.v1.VerifyIssueLogResponse;

/** {@code mesh.v1.CaService}: how the authority is, its rotation, who is banned. On worker threads, because a change waits for the disk. */
@GrpcService
@Blocking
public final class CaService extends CaServiceGrpc.CaServiceImplBase {

    /**
     * What it is made of.
     *
     * @param cut      told who is banned now: it ends what the banned have open here
     * @param reserved the control plane's own identity
     */
    public record Parts(Authorities authorities, Bans bans, AuditLog audit, Rotation rotation, Rotation.Publisher publisher,
        Consumer<BanList> cut, SpiffeId reserved, InstantSource clock) {}

    private final Parts ca;

    public CaService(Parts parts) {
        this.ca = parts;
    }

    /** May fail on the disk. */
    @FunctionalInterface
    private interface Work<T> {
        T get() throws IOException;
    }

    @Override
    public void getCaStatus(GetCaStatusRequest request, StreamObserver<CaStatus> out) {
        answer(out, this::status);
    }

    @Override
    public void rotateCa(RotateCaRequest request, StreamObserver<CaStatus> out) {
        String author = Peer.current().name();
        answer(out, () -> {
            switch (request.getStep()) {
                case ROTATION_STEP_DISTRIBUTE -> ca.rotation.distribute(author);
                case ROTATION_STEP_ISSUE -> ca.rotation.issue(author);
                case ROTATION_STEP_RETIRE -> ca.rotation.retire(author);
                case ROTATION_STEP_ABORT -> ca.rotation.abort(author);
                default -> throw new IllegalArgumentException("step: " + request.getStep() + " (expected: DISTRIBUTE, ISSUE, RETIRE or ABORT)");
            }
            return status();
        });
    }

    @Override
    public void ban(BanRequest request, StreamObserver<CaStatus> out) {
        String author = Peer.current().name();
        answer(out, () -> {
            Bans.Whom whom = whom(request.getSpiffeId(), request.getSerial());
            if (whom.id().equals(Optional.of(ca.reserved))) {
                throw new IllegalArgumentException("spiffe_id: " + ca.reserved + " is the control plane's own (expected: a workload's identity)");
            }
            ca.bans.add(new Bans.Ban(whom, request.getReason(), author, ca.clock.instant()));
            // It is in force. Whatever fails below is done when the same is asked for again.
            ca.cut.accept(ca.bans.current());
            ca.audit.add(author, "banned", whom + ": " + request.getReason());
            ca.publisher.publish(author, "banned " + whom);
            return status();
        });
    }

    @Override
    public void unban(UnbanRequest request, StreamObserver<CaStatus> out) {
        String author = Peer.current().name();
        answer(out, () -> {
            Bans.Whom whom = whom(request.getSpiffeId(), request.getSerial());
            if (!ca.bans.remove(whom)) {
                throw Status.NOT_FOUND.withDescription(whom + ": not banned (expected: one of those that mesh ca status lists)").asRuntimeException();
            }
            ca.cut.accept(ca.bans.current());
            ca.audit.add(author, "ban ended", whom.toString());
            ca.publisher.publish(author, "ban ended of " + whom);
            return status();
        });
    }

    @Override
    public void verifyIssueLog(VerifyIssueLogRequest request, StreamObserver<VerifyIssueLogResponse> out) {
        answer(out, () -> {
            Optional<AuditLog.Head> expected = request.hasExpected()
                ? Optional.of(new AuditLog.Head(request.getExpected().getNumber(), request.getExpected().getHash())) : Optional.empty();
            return VerifyIssueLogResponse.newBuilder().setHead(head()).setProblem(problem(expected)).build();
        });
    }

    private String problem(Optional<AuditLog.Head> expected) {
        try {
            return ca.audit.verify(expected).orElse("");
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    private static Bans.Whom whom(String id, String serial) {
        BigInteger number = null;
        if (!serial.isEmpty()) {
            if (!serial.matches("[0-9a-fA-F]{1,64}")) {
                throw new IllegalArgumentException("serial: \"" + serial + "\" (expected: a serial number, hexadecimal)");
            }
            number = new BigInteger(serial, 16);
        }
        return new Bans.Whom(id.isEmpty() ? Optional.empty() : Optional.of(SpiffeId.parse(id)), Optional.ofNullable(number));
    }

    private CaStatus status() {
        Authorities.State state = ca.authorities.state();
        CaStatus.Builder m = CaStatus.newBuilder()
            .setTrustDomain(ca.authorities.bundle().trustDomain().name())
            .setPhase(state.phase().label())
            .setKeysEncrypted(state.held().stream().allMatch(HeldAuthority::isEncrypted))
            .setIssueLog(head());
        state.held().forEach(held -> m.addAuthorities(authority(held)));
        if (state.phase() != Phase.STABLE) {
            ca.rotation.blockers().forEach(each ->
                m.addBlockers(Blocker.newBuilder().setNode(each.node()).setSpiffeId(each.id()).setReason(each.reason())));
        }
        ca.bans.list().forEach(ban -> {
            BanEntry.Builder entry = m.addBansBuilder().setReason(ban.reason()).setBy(ban.by()).setAt(Values.message(ban.at()));
            ban.whom().id().ifPresent(id -> entry.setSpiffeId(id.toString()));
            ban.whom().serial().ifPresent(serial -> entry.setSerial(serial.toString(16)));
        });
        return m.build();
    }

    private Authority authority(HeldAuthority held) {
        Authority.Builder m = Authority.newBuilder()
            .setNumber(held.number())
            .setPin(held.issuer().pin())
            .setRootNotAfter(Values.message(held.root().getNotAfter().toInstant()))
            .setLiveCertificates(ca.rotation.live(held).size())
            .setRootPem(PemFiles.encode(List.of(held.root())));
        if (held.hasIntermediate()) {
            m.setIntermediateNotAfter(Values.message(held.issuer().certificate().getNotAfter().toInstant()));
        }
        return m.build();
    }

    private IssueLogHead head() {
        AuditLog.Head head = ca.audit.head();
        return IssueLogHead.newBuilder().setNumber(head.number()).setHash(head.hash()).build();
    }

    private static <T> void answer(StreamObserver<T> out, Work<T> work) {
        T response;
        try {
            response = work.get();
        } catch (StatusRuntimeException e) {
            out.onError(e);
            return;
        } catch (IllegalArgumentException e) {
            out.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
            return;
        } catch (Rotation.BlockedException e) {
            out.onError(Status.FAILED_PRECONDITION.withDescription(e.getMessage()).asRuntimeException());
            return;
        } catch (IssueRefusedException e) {
            out.onError(IdentityService.status(e));
            return;
        } catch (IOException e) {
            out.onError(Status.UNAVAILABLE.withDescription("the control plane cannot write to its disk: " + e.getMessage()).asRuntimeException());
            return;
        } catch (StoreUnavailableException e) {
            out.onError(Status.UNAVAILABLE.withDescription(e.getMessage()).asRuntimeException());
            return;
        }
        out.onNext(response);
        out.onCompleted();
    }
}
