package mesh.control.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.control.replica.Board;
import org.jboss.logging.Logger;

/**
 * A replica's lease, under which it says what is true as long as it lives ({@link EtcdBoard}), and which of all replicas leads: does what falls
 * due for all of them together. The leader is who made the leader's key when there was none.
 *
 * <p>Leading only keeps others from doing the same work. That a leader which was stopped, or cut off, and has not noticed yet does no harm is the
 * log's part ({@link EtcdLog}): it adds nothing to what it does not know.
 */
public final class Replicas implements Closeable {

    private static final Logger LOG = Logger.getLogger(Replicas.class);
    private static final Duration LIFE = Duration.ofSeconds(5);
    private static final String LEADER = "leader";

    private final EtcdClient etcd;
    private final String name;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread t = new Thread(task, "mesh-replica");
        t.setDaemon(true);
        return t;
    });
    /** 0 while there is none. Written on the thread only. */
    private volatile long lease;
    private volatile boolean leads;
    private volatile long goodUntil;

    private Replicas(EtcdClient etcd, String name) {
        this.etcd = etcd;
        this.name = name;
    }

    /**
     * Joins them.
     *
     * @param name of this replica among all of them
     */
    public static Replicas join(EtcdLogs logs, String name) {
        Replicas replicas = new Replicas(logs.etcd(), name);
        replicas.thread.scheduleWithFixedDelay(replicas::step, 0, LIFE.toMillis() / 4, TimeUnit.MILLISECONDS);
        return replicas;
    }

    /**
     * What they tell each other.
     *
     * @throws IOException when it cannot be read
     */
    public Board board() throws IOException {
        return EtcdBoard.open(etcd, this);
    }

    String name() {
        return name;
    }

    /** That what is of this replica alone goes with; 0 while there is none. */
    long lease() {
        return lease;
    }

    /** Whether this one leads, for all it knows; by its own clock not for longer than etcd holds the lease. */
    public boolean leads() {
        return leads && goodUntil - System.nanoTime() > 0;
    }

    private void step() {
        try {
            long asked = System.nanoTime();
            if (lease == 0) lease = etcd.grantLease(LIFE);
            else etcd.keepLease(lease);
            goodUntil = asked + LIFE.toNanos();
            campaign();
        } catch (IOException | RuntimeException e) {
            LOG.debugf("%s: lease of replica %s not kept: %s", etcd.describe(LEADER), name, e.getMessage());
            if (goodUntil - System.nanoTime() < 0) {
                // It is gone, or as good as gone. Another one then.
                lease = 0;
                leads = false;
            }
        }
    }

    private void campaign() throws IOException {
        ByteSequence key = etcd.key(LEADER);
        TxnResponse answer = etcd.commit(List.of(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.version(0))),
            List.of(Op.put(key, value(), EtcdClient.withLease(lease))), List.of(Op.get(key, GetOption.DEFAULT)));
        boolean before = leads;
        leads = answer.isSucceeded() || answer.getGetResponses().get(0).getKvs().stream()
            .anyMatch(found -> found.getLease() == lease && found.getValue().equals(value()));
        if (leads != before) {
            LOG.infof("replica %s %s", name, leads ? "leads now" : "no longer leads");
        }
    }

    private ByteSequence value() {
        return ByteSequence.from(name, UTF_8);
    }

    /** So that others need not wait for the lease to end. */
    @Override
    public void close() {
        thread.shutdownNow();
        try {
            thread.awaitTermination(LIFE.toMillis(), TimeUnit.MILLISECONDS);
            leads = false;
            if (lease != 0) {
                etcd.revokeLease(lease);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debugf("lease of replica %s not given back: %s", name, e.getMessage());
        }
    }
}
