package mesh.control.etcd;

import io.etcd.jetcd.Watch;
import io.etcd.jetcd.watch.WatchResponse;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import org.jboss.logging.Logger;

/**
 * Logs that all replicas of a control plane share, in etcd.
 *
 * <p>The watch is a doorbell: what has changed is read from the log, from where it was read last. So it does not matter what a watch
 * misses while its server is away or has forgotten (compacted) the revision it was at: it begins anew, and rings once. Everybody is also
 * told every few seconds without it.
 */
public final class EtcdLogs implements RecordLogs, Closeable {

    private static final Logger LOG = Logger.getLogger(EtcdLogs.class);
    private static final long WATCH_AGAIN_MILLIS = 500;
    private static final long TELL_ANYWAY_SECONDS = 5;

    private final EtcdClient etcd;
    private final List<EtcdLog> logs = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService news = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "mesh-etcd-news");
        thread.setDaemon(true);
        return thread;
    });
    private volatile Watch.Watcher watch;
    private volatile boolean closed;

    private EtcdLogs(EtcdClient etcd) {
        this.etcd = etcd;
    }

    /**
     * Connects.
     *
     * @throws IOException naming what cannot be used, or that no server answers
     */
    public static EtcdLogs open(EtcdOptions options) throws IOException {
        EtcdLogs logs = new EtcdLogs(new EtcdClient(options));
        try {
            logs.etcd.get("head/");
        } catch (IOException e) {
            logs.close();
            throw new IOException(logs.etcd.describe("") + ": " + e.getMessage() + " (expected: a cluster of etcd that answers; see --etcd-endpoints,"
                + " --etcd-ca, --etcd-user)", e);
        }
        logs.news.execute(logs::watch);
        logs.news.scheduleWithFixedDelay(logs::tellAll, TELL_ANYWAY_SECONDS, TELL_ANYWAY_SECONDS, TimeUnit.SECONDS);
        return logs;
    }

    @Override
    public RecordLog log(String name) {
        EtcdLog log = new EtcdLog(etcd, name);
        logs.add(log);
        return log;
    }

    EtcdClient etcd() {
        return etcd;
    }

    /** For how long no server has answered anything. */
    public double silentSeconds() {
        return etcd.silentNanos() / 1e9;
    }

    private void tellAll() {
        logs.forEach(EtcdLogs::tell);
    }

    private static void tell(EtcdLog log) {
        try {
            log.tell();
        } catch (RuntimeException e) {
            LOG.errorf(e, "%s: news could not be taken", log.describe());
        }
    }

    private void watch() {
        if (closed) {
            return;
        }
        watch = etcd.watch("head/", new Watch.Listener() {

            @Override
            public void onNext(WatchResponse response) {
                // On etcd's own thread, which must not wait for etcd.
                onNews(() -> ring(response));
            }

            @Override
            public void onError(Throwable cause) {
                LOG.debugf("%s: the watch ended and begins anew: %s", etcd.describe("head/"), cause.getMessage());
            }

            @Override
            public void onCompleted() {
                watchAgain();
            }
        });
    }

    private void onNews(Runnable work) {
        try {
            news.execute(work);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    private void watchAgain() {
        try {
            news.schedule(this::watch, WATCH_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    private void ring(WatchResponse response) {
        if (response.getEvents().isEmpty()) {
            // It has just begun, and what came before it has missed.
            tellAll();
            return;
        }
        List<String> keys = response.getEvents().stream().map(event -> event.getKeyValue().getKey().toString()).toList();
        logs.stream().filter(log -> keys.stream().anyMatch(key -> key.endsWith("head/" + log.name()))).forEach(EtcdLogs::tell);
    }

    @Override
    public void close() {
        closed = true;
        Watch.Watcher open = watch;
        if (open != null) {
            open.close();
        }
        news.shutdownNow();
        etcd.close();
    }
}
