package mesh.control.admin;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongUnaryOperator;
import mesh.control.messages.Values;
import mesh.control.stream.SidecarMessages;
import mesh.control.stream.SidecarRegistry;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.model.Problem;
import mesh.v1.ApplyConfigAndWaitRequest;
import mesh.v1.ApplyProgress;
import mesh.v1.SidecarRejection;
import mesh.v1.WriteResponse;

/** Callers who wait until the sidecars that a write concerns have answered. On one thread for all of them. */
final class ApplyWaits implements AutoCloseable {

    private static final Duration USUAL = Duration.ofSeconds(60);
    private static final Duration LONGEST = Duration.ofHours(1);
    /** Each looks at all sidecars ten times a second. */
    private static final int MOST = 20;
    private static final Duration STEP = Duration.ofMillis(100);
    /** More names are no help, and an answer has a size. */
    private static final int MOST_NAMES = 100;

    private final SidecarRegistry sidecars;
    private final InstantSource clock;
    private final LongUnaryOperator rollback;
    private final Set<Wait> waits = new HashSet<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "mesh-apply");
        made.setDaemon(true);
        return made;
    });

    /** @param rollback puts back what was before a version, and returns the version that it made */
    ApplyWaits(SidecarRegistry sidecars, InstantSource clock, LongUnaryOperator rollback) {
        this.sidecars = sidecars;
        this.clock = clock;
        this.rollback = rollback;
    }

    /** For how long a caller wants to wait; to be asked before anything is written. */
    static Duration patience(ApplyConfigAndWaitRequest request) {
        if (request.getApply().getDryRun()) {
            throw Refusal.of(List.of(new Problem("apply.dry_run", "true (expected: absent beside waiting; ApplyConfig takes it)")));
        }
        Duration asked = request.hasTimeout() ? Values.duration(request.getTimeout()) : USUAL;
        if (asked.isNegative() || asked.isZero() || asked.compareTo(LONGEST) > 0) {
            throw Refusal.of(List.of(new Problem("timeout", asked.toMillis() + "ms (expected: more than 0s, 1h at most)")));
        }
        return asked;
    }

    /** The write is done; tells what becomes of it, and ends the call. */
    void begin(WriteResponse written, Duration patience, boolean rollsBack, ServerCallStreamObserver<ApplyProgress> out) {
        Wait wait = new Wait(written, clock.instant().plus(patience), rollsBack, Context.current(), out);
        synchronized (waits) {
            if (waits.size() >= MOST) {
                out.onError(Status.RESOURCE_EXHAUSTED.withDescription("version " + written.getVersion() + " is in force, but " + MOST
                    + " callers wait already (expected: fewer; `mesh proxy-status` tells how far it is)").asRuntimeException());
                return;
            }
            waits.add(wait);
        }
        wait.task = thread.scheduleWithFixedDelay(wait::look, 0, STEP.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        List<Wait> open;
        synchronized (waits) {
            open = List.copyOf(waits);
            waits.clear();
        }
        thread.shutdownNow();
        open.forEach(wait -> wait.out.onError(Status.UNAVAILABLE.withDescription("the control plane is stopping; version "
            + wait.version + " is in force").asRuntimeException()));
    }

    /** One caller. */
    private final class Wait {

        private final WriteResponse written;
        private final long version;
        private final Set<String> concerned;
        private final Instant end;
        private final boolean rollsBack;
        /** Of the call, and with it who makes it: a rollback is in the same name. */
        private final Context caller;
        private final ServerCallStreamObserver<ApplyProgress> out;
        private ApplyProgress sent;
        private volatile Future<?> task;

        Wait(WriteResponse written, Instant end, boolean rollsBack, Context caller, ServerCallStreamObserver<ApplyProgress> out) {
            this.written = written;
            this.version = written.getVersion();
            this.concerned = Set.copyOf(written.getSidecarsList());
            this.end = end;
            this.rollsBack = rollsBack;
            this.caller = caller;
            this.out = out;
        }

        void look() {
            if (!isOpen()) {
                return;
            }
            if (out.isCancelled()) {
                finish();
                return;
            }
            try {
                ApplyProgress now = decided(progress());
                if (!now.equals(sent)) {
                    out.onNext(sent == null ? now.toBuilder().setWrite(written).build() : now);
                    sent = now;
                }
                if (!now.getState().equals("waiting")) {
                    finish();
                    out.onCompleted();
                }
            } catch (RuntimeException e) {
                finish();
                out.onError(Refusal.of(e));
            }
        }

        private ApplyProgress decided(ApplyProgress seen) {
            ApplyProgress.Builder now = seen.toBuilder();
            boolean rejected = seen.getRejectionsCount() > 0;
            if (rejected && rollsBack) {
                long[] after = new long[1];
                caller.run(() -> after[0] = rollback.applyAsLong(version));
                return now.setState("rolled back").setRollbackVersion(after[0]).build();
            }
            if (seen.getWaitingCount() == 0) {
                return now.setState(rejected ? "rejected" : "applied").build();
            }
            return now.setState(clock.instant().isBefore(end) ? "waiting" : rejected ? "rejected" : "timed out").build();
        }

        private ApplyProgress progress() {
            ApplyProgress.Builder now = ApplyProgress.newBuilder().setVersion(version).setConcerned(concerned.size());
            Set<String> applied = new HashSet<>();
            Set<String> known = new HashSet<>();
            for (Sidecar each : sidecars.list()) {
                if (!concerned.contains(each.node())) {
                    continue;
                }
                known.add(each.node());
                boolean refused = each.rejection().filter(rejection -> rejection.version() >= version).isPresent();
                if (refused) {
                    if (now.getRejectionsCount() < MOST_NAMES) {
                        now.addRejections(SidecarRejection.newBuilder().setNode(each.node()).setRejection(SidecarMessages.encode(each).getLastRejection()));
                    }
                } else if (each.acknowledgedVersion() >= version) {
                    applied.add(each.node());
                } else if (!each.connected()) {
                    if (now.getGoneCount() < MOST_NAMES) now.addGone(each.node());
                } else if (now.getWaitingCount() < MOST_NAMES) {
                    now.addWaiting(each.node());
                }
            }
            concerned.stream().filter(node -> !known.contains(node)).sorted().limit(MOST_NAMES).forEach(now::addGone);
            return now.setApplied(applied.size()).build();
        }

        private boolean isOpen() {
            synchronized (waits) {
                return waits.contains(this);
            }
        }

        private void finish() {
            synchronized (waits) {
                waits.remove(this);
            }
            Future<?> planned = task;
            if (planned != null) planned.cancel(false);
        }
    }
}
