package mesh.proxy.workload;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.proxy.workload.IdentityFeed.Identity;
import mesh.proxy.workload.Secrets.Versioned;
import org.jboss.logging.Logger;

/**
 * One subscription to secrets. What it names is sent once there is an identity, and again whenever it has changed, to a client that reads; a
 * version that was refused is not sent again. Any thread; one at a time is inside.
 *
 * @param <Q> request
 * @param <R> response
 */
abstract class SecretStream<Q, R> implements StreamObserver<Q>, Runnable {

    private static final Logger LOG = Logger.getLogger(SecretDiscovery.class);
    private static final int MOST_NAMES = 100;
    private static final int LONGEST_MESSAGE = 500;

    private final IdentityFeed feed;
    private final ServerCallStreamObserver<R> to;
    private final Set<String> names = new LinkedHashSet<>();
    private String node = "";
    private long sent;
    private boolean ended;

    SecretStream(IdentityFeed feed, StreamObserver<R> to) {
        this.feed = feed;
        this.to = (ServerCallStreamObserver<R>) to;
    }

    /** What a request says. */
    record Said(String node, String typeUrl, String nonce, Optional<String> refusal) {}

    abstract Said said(Q request);

    /** Changes which names are subscribed to. */
    abstract void subscribe(Q request, Set<String> subscribed);

    /** @return empty when the client has all of it */
    abstract Optional<R> response(List<Versioned> current, String nonce);

    /** Before the service method returns. */
    final void open() {
        if (!feed.tryJoin(this)) {
            refuse(Status.RESOURCE_EXHAUSTED, IdentityFeed.MOST_STREAMS + " streams already");
            return;
        }
        to.setOnReadyHandler(this);
        to.setOnCancelHandler(this::leave);
    }

    @Override
    public final synchronized void onNext(Q request) {
        if (ended) {
            return;
        }
        Said said = said(request);
        if (!said.typeUrl.isEmpty() && !said.typeUrl.equals(Secrets.TYPE_URL)) {
            refuse(Status.INVALID_ARGUMENT, "type \"" + clean(said.typeUrl) + "\" (expected: " + Secrets.TYPE_URL + ")");
            return;
        }
        if (!said.node.isEmpty()) {
            node = clean(said.node);
        }
        if (!said.nonce.isEmpty() && !said.nonce.equals(Long.toString(sent))) {
            // An answer to what has been replaced meanwhile.
            return;
        }
        answered(said);
        subscribe(request, names);
        if (names.size() > MOST_NAMES) {
            refuse(Status.INVALID_ARGUMENT, names.size() + " names (expected: at most " + MOST_NAMES + ")");
            return;
        }
        run();
    }

    private void answered(Said said) {
        if (said.refusal.isPresent()) {
            LOG.warnf("SDS: \"%s\" refuses %s: %s", node, names, clean(said.refusal.get()));
        } else if (!said.nonce.isEmpty()) {
            LOG.debugf("SDS: \"%s\" has %s", node, names);
        }
    }

    @Override
    public final synchronized void run() {
        Optional<Identity> identity = feed.current();
        // A client waits for its first secret, as it does for its first configuration.
        if (ended || identity.isEmpty() || !to.isReady()) {
            return;
        }
        List<Versioned> current = new ArrayList<>();
        for (String name : names) {
            Optional<Versioned> secret = Secrets.find(name, identity.get());
            if (secret.isEmpty()) {
                refuse(Status.INVALID_ARGUMENT, "no secret \"" + clean(name) + "\" (expected: one of " + Secrets.names(identity.get()) + ")");
                return;
            }
            current.add(secret.get());
        }
        response(current, Long.toString(sent + 1)).ifPresent(response -> {
            // Before it is sent: its answer may be here before this returns.
            sent++;
            to.onNext(response);
        });
    }

    private void refuse(Status status, String why) {
        LOG.warnf("SDS: stream of \"%s\" ended: %s", node, why);
        leave();
        to.onError(status.withDescription(why).asRuntimeException());
    }

    private synchronized void leave() {
        ended = true;
        feed.leave(this);
    }

    @Override
    public final void onError(Throwable cause) {
        leave();
    }

    @Override
    public final synchronized void onCompleted() {
        if (!ended) {
            leave();
            to.onCompleted();
        }
    }

    /** What a client says of itself begins no line of the log and fills no page of it. */
    private static String clean(String text) {
        String line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "…";
    }

    static Optional<String> refusal(boolean present, com.google.rpc.StatusOrBuilder detail) {
        return present ? Optional.of(detail.getMessage()) : Optional.empty();
    }
}
