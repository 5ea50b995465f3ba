package mesh.control.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import mesh.model.Address;

/**
 * The calls to etcd that are made here, under one prefix: each blocks, is tried again on another server while there is time, and is timed.
 * What is tried again may have been done already, so each call must bear that. Any thread.
 */
final class EtcdClient implements Closeable {

    /** One try. An election of a new leader takes some one or two seconds, in which a try hangs or fails. */
    private static final Duration TRY = Duration.ofSeconds(2);
    /** All tries together. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(100);
    /** A page of records, each of a megabyte at most. */
    private static final int LARGEST_ANSWER = 64 << 20;

    private final String prefix;
    private final String where;
    private final Client etcd;
    private volatile long answeredAt = System.nanoTime();
    private volatile boolean closed;

    /** @throws IOException naming the file that cannot be used; whether the servers are there is seen at the first call */
    EtcdClient(EtcdOptions options) throws IOException {
        prefix = options.prefix();
        String servers = options.endpoints().stream().map(Address::toString).collect(Collectors.joining(","));
        where = "etcd " + servers + " " + prefix;
        ClientBuilder builder = Client.builder()
            .target("ip:///" + servers)
            .maxInboundMessageSize(LARGEST_ANSWER)
            .connectTimeout(TRY)
            // A server that is gone without a word is noticed by its silence.
            .keepaliveTime(Duration.ofSeconds(10))
            .keepaliveTimeout(Duration.ofSeconds(3))
            // Ours decide, with a deadline.
            .retryMaxAttempts(1)
            .waitForReady(false);
        if (options.tls().isPresent()) {
            builder.sslContext(tls(options.tls().get()));
        }
        if (options.user().isPresent()) {
            builder.user(bytes(options.user().get().name())).password(bytes(password(options.user().get())));
        }
        etcd = builder.build();
    }

    private static SslContext tls(EtcdOptions.Tls files) throws IOException {
        try {
            SslContextBuilder context = GrpcSslContexts.forClient().trustManager(files.ca().toFile());
            files.client().ifPresent(client -> context.keyManager(client.certificate().toFile(), client.key().toFile()));
            return context.build();
        } catch (IllegalArgumentException e) {
            throw new IOException("--etcd-ca, --etcd-cert, --etcd-key: " + e.getMessage() + " (expected: PEM, the key PKCS#8)", e);
        }
    }

    private static String password(EtcdOptions.User user) throws IOException {
        String password = Files.readString(user.passwordFile()).lines().findFirst().orElse("");
        if (password.isEmpty()) {
            throw new IOException("--etcd-password-file: " + user.passwordFile() + " is empty (expected: the password in its first line)");
        }
        return password;
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    ByteSequence key(String name) {
        return bytes(prefix + name);
    }

    /** For messages to people. */
    String describe(String name) {
        return where + name;
    }

    /** Since when no server has answered anything; nanoseconds. */
    long silentNanos() {
        return System.nanoTime() - answeredAt;
    }

    /** Keys from one to before another, in order. */
    List<KeyValue> range(String from, String end, int limit) throws IOException {
        GetOption option = GetOption.builder().withRange(key(end)).withLimit(limit).withSortField(GetOption.SortTarget.KEY)
            .withSortOrder(GetOption.SortOrder.ASCEND).build();
        return call("range", () -> etcd.getKVClient().get(key(from), option)).getKvs();
    }

    /** All of them, and at which revision that was. */
    GetResponse all(String from, String end) throws IOException {
        GetOption option = GetOption.builder().withRange(key(end)).build();
        return call("range", () -> etcd.getKVClient().get(key(from), option));
    }

    /** @return its value; empty when there is no such key */
    List<KeyValue> get(String name) throws IOException {
        return call("get", () -> etcd.getKVClient().get(key(name))).getKvs();
    }

    void put(String name, byte[] value) throws IOException {
        call("put", () -> etcd.getKVClient().put(key(name), ByteSequence.from(value)));
    }

    void delete(String from, String end) throws IOException {
        call("delete", () -> etcd.getKVClient().delete(key(from), DeleteOption.builder().withRange(key(end)).build()));
    }

    /** All of it at once if the conditions hold, else the other. */
    TxnResponse commit(List<Cmp> conditions, List<Op> then, List<Op> otherwise) throws IOException {
        return call("commit", () -> etcd.getKVClient().txn()
            .If(conditions.toArray(Cmp[]::new)).Then(then.toArray(Op[]::new)).Else(otherwise.toArray(Op[]::new)).commit());
    }

    /** @return its id */
    long grantLease(Duration life) throws IOException {
        return call("lease", () -> etcd.getLeaseClient().grant(life.toSeconds())).getID();
    }

    /** Once, and in one try: what comes too late is of no use. */
    void keepLease(long id) throws IOException {
        attempt(() -> etcd.getLeaseClient().keepAliveOnce(id), TRY.toNanos());
    }

    void revokeLease(long id) throws IOException {
        attempt(() -> etcd.getLeaseClient().revoke(id), TRY.toNanos());
    }

    static PutOption withLease(long id) {
        return PutOption.builder().withLeaseId(id).build();
    }

    /** Changes of every key that begins so, from now on, until it ends with an error or is closed. Says first that it has begun. */
    Watch.Watcher watch(String beginning, Watch.Listener listener) {
        WatchOption option = WatchOption.builder().isPrefix(true).withCreateNotify(true).withRequireLeader(true).build();
        return etcd.getWatchClient().watch(key(beginning), option, listener);
    }

    /** As above, but of what is changed from a revision on. */
    Watch.Watcher watch(String beginning, long revision, Watch.Listener listener) {
        WatchOption option = WatchOption.builder().isPrefix(true).withRevision(revision).withCreateNotify(true).withRequireLeader(true).build();
        return etcd.getWatchClient().watch(key(beginning), option, listener);
    }

    private <T> T call(String operation, Supplier<CompletableFuture<T>> work) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Timer.Sample timed = Timer.start(Metrics.globalRegistry);
        boolean good = false;
        try {
            while (true) {
                long left = end - System.nanoTime();
                try {
                    T result = attempt(work, Math.min(left, TRY.toNanos()));
                    good = true;
                    return result;
                } catch (IOException e) {
                    if (closed || left < TRY.toNanos() || !mayPass(e.getCause())) {
                        throw e;
                    }
                    pause();
                }
            }
        } finally {
            timed.stop(Timer.builder("mesh_store_call_duration").description("calls to etcd, all tries of one together")
                .tag("operation", operation).tag("result", good ? "ok" : "failed").publishPercentiles(0.5, 0.99).register(Metrics.globalRegistry));
        }
    }

    private <T> T attempt(Supplier<CompletableFuture<T>> work, long nanos) throws IOException {
        CompletableFuture<T> result = work.get();
        try {
            T value = result.get(Math.max(nanos, 1), TimeUnit.NANOSECONDS);
            answeredAt = System.nanoTime();
            return value;
        } catch (TimeoutException e) {
            result.cancel(true);
            throw new IOException("no answer within " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms", e);
        } catch (ExecutionException e) {
            throw new IOException(words(e.getCause()), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for etcd", e);
        }
    }

    private static boolean mayPass(Throwable failure) {
        if (failure instanceof TimeoutException) {
            return true;
        }
        return switch (Status.fromThrowable(failure).getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL, UNAUTHENTICATED, ABORTED, UNKNOWN -> true;
            default -> false;
        };
    }

    private static String words(Throwable failure) {
        Status status = Status.fromThrowable(failure);
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        String bottom = last.getMessage() == null ? last.toString() : last.getMessage();
        boolean told = status.getCode() == Status.Code.UNKNOWN || last instanceof StatusRuntimeException;
        return told ? bottom : status.getCode() + ": " + bottom;
    }

    private static void pause() throws IOException {
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for etcd", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        etcd.close();
    }
}
