package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.model.FaultPolicy;
import mesh.model.HashPolicy.Cookie;
import mesh.model.RetryPolicy;
import mesh.proxy.balancer.Balancer;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.limit.RateLimiter;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.ResponseFlags;
import mesh.proxy.outcome.StopReason;
import mesh.proxy.runtime.CompiledRoute;
import mesh.proxy.runtime.ListenerTable;
import mesh.proxy.runtime.RouteKey;
import mesh.proxy.telemetry.AccessEntry;
import mesh.proxy.telemetry.AccessLogger;
import mesh.proxy.tracing.RequestEnd;
import mesh.proxy.tracing.RequestTrace;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.UpstreamCluster;
import org.jboss.logging.Logger;

/**
 * One request, from its head to the end of its answer: route, filters, attempts, answer. Everything that can go wrong goes to {@link
 * #fail}. On the loop of the client's connection only.
 */
final class Exchange extends TimerWheel.Timeout implements DownstreamHandler, Attempt.Owner, RouteKey.Client {

    private static final Logger LOG = Logger.getLogger(Exchange.class);
    private static final long NEVER = Long.MAX_VALUE;
    private static final int NONE = -1;

    private final ClientSession session;
    private final ListenerTable.Http table;
    private final DownstreamStream client;
    private final RequestHead request;
    private final RequestBody body = new RequestBody();
    private final long begun;

    private CompiledRoute route;
    /** Null where the route has none. */
    private FilterRun filters;
    /** Null for one that is not recorded. */
    private RequestTrace trace;
    private boolean grpc;
    /** When it went on from here: as it began, but for one that was delayed on purpose. */
    private long started;
    private long delayEnds = NEVER;
    private long requestNanos = CompiledRoute.NO_LIMIT;
    /** When it must be answered. */
    private long ends = NEVER;
    private long streamNanos = CompiledRoute.NO_LIMIT;
    private long idleNanos = CompiledRoute.NO_LIMIT;
    private long perTryNanos;
    private long perTryIdleNanos = CompiledRoute.NO_LIMIT;
    private RetryPolicy retry;
    private UpstreamCluster cluster;
    /** What its upstream is chosen by, the same for all its tries. */
    private long key = Balancer.NO_KEY;
    /** Null where the client is given none. */
    private Cookie cookie;
    private Attempt attempt;
    private List<Destination> tried = List.of();
    private int tries;
    /** How often the next pause before a try is doubled. */
    private int doublings;
    private boolean raced;
    /** Null when there will be no second try beside the first. */
    private Hedge hedge;
    private boolean counted;
    /** Whether it counts as one that is being retried. */
    private boolean retried;

    /** When the current try must have an answer. */
    private long tryEnds = NEVER;
    /** When the next try begins. */
    private long tryBegins = NEVER;
    private long lastSign;

    /** Why there is no further try although one was wanted, in {@link ResponseFlags}; null where none was. */
    private String unretried;

    private int status;
    /** -1 where nobody has said it, or nobody asks. */
    private int grpcStatus = NONE;
    /** When the head of the answer came; -1 for none. */
    private long answeredAt = NONE;
    private long bytesIn;
    /** Of the request's body at most. */
    private long bodyBytes = CompiledRoute.NO_LIMIT;
    private long bytesOut;
    private boolean answering;
    private boolean over;

    Exchange(ClientSession session, ListenerTable.Http table, DownstreamStream client) {
        this.session = session;
        this.table = table;
        this.client = client;
        this.request = client.head();
        this.begun = session.nanos();
        this.started = begun;
        this.lastSign = begun;
    }

    // How it begins.

    void begin(boolean end) {
        if (end) body.complete();
        if (session.refusesRequests(begun)) {
            fail(Failure.OVERLOADED);
            return;
        }
        if (table.tracer() != null) trace = session.trace(table.tracer(), request);
        Failure refused = table.gate() == null ? null : session.access().failure(table.gate(), request, session);
        if (refused != null) {
            fail(refused);
            return;
        }
        if (!admitted(table.limiter())) return;
        route = table.routes().match(request);
        if (route == null) {
            fail(Failure.NO_ROUTE);
            return;
        }
        if (route.filters() != null) filters = new FilterRun(route.filters(), request);
        if (admitted(route.limiter()) && (filters == null || passes())) proceed();
    }

    /** What ends or delays a request before it goes anywhere: a browser's question that is answered here, and faults. */
    private boolean passes() {
        if (filters.isPreflight(request)) {
            preflight();
            return false;
        }
        long delay = filters.delayNanos(request, session.random());
        if (delay == 0) return !isAborted();
        session.metrics().fault("delay");
        delayEnds = begun + delay;
        setTimer();
        return false;
    }

    /** As in Envoy, the route's time begins only now. */
    private void endDelay(long now) {
        delayEnds = NEVER;
        started = now;
        lastSign = now;
        if (!isAborted()) proceed();
    }

    private boolean isAborted() {
        FaultPolicy.Status with = filters.abort(request, session.random());
        if (with == null) return false;
        session.metrics().fault("abort");
        answerWith(Grpc.httpStatusOf(with));
        LocalReply.sendAbort(client, filters, with, status);
        finish(Failure.FAULT_INJECTED);
        return true;
    }

    private void preflight() {
        ResponseHead head = filters.preflight();
        answerWith(head.status());
        LocalReply.sendPreflight(client, filters, head);
        finish();
    }

    private void proceed() {
        if (route.reply() != null) {
            reply();
        } else if (route.location() != null) {
            redirect();
        } else if (isTooLarge()) {
            stop(Failure.BODY_TOO_LARGE);
        } else {
            cluster = route.cluster(session.random());
            if (route.key() != null && cluster.model().balancer().byKey()) key = route.key().of(request, this);
            limit();
            session.filters().onRequest(request, route.hostRewrite(), trace);
            if (filters == null || passesOn()) forward();
            else fail(Failure.BAD_REWRITE);
        }
    }

    /** Makes the last changes; the head that is copied is the one that is sent. */
    private boolean passesOn() {
        if (!filters.onRequest(request, session.random())) return false;
        if (body.isComplete()) filters.mirror(session, client.version(), request, body, body.trailers());
        return true;
    }

    /** Whether the body is longer than may be, by what its head says; else {@link #onBody} finds out. */
    private boolean isTooLarge() {
        bodyBytes = route.bodyBytes(table.bodyBytes());
        return bodyBytes != CompiledRoute.NO_LIMIT && Math.max(bytesIn, request.contentLength()) > bodyBytes;
    }

    /** @param limiter null for none; when it refuses, the client has been told */
    private boolean admitted(RateLimiter limiter) {
        if (limiter == null) return true;
        long wait = limiter.waitNanos(request, session.clientKey(), table.trustedHops());
        if (wait == 0) return true;
        answerWith(Failure.RATE_LIMITED.httpStatus());
        LocalReply.sendRateLimited(client, filters, limiter, wait);
        finish(Failure.RATE_LIMITED);
        return false;
    }

    private void limit() {
        grpc = Grpc.isGrpc(request);
        PeerWishes wishes = PeerWishes.take(request, session.peer() != null);
        requestNanos = RequestLimits.requestNanos(route, request, grpc, wishes);
        streamNanos = route.streamNanos();
        idleNanos = RequestLimits.idleNanos(route, grpc);
        perTryNanos = RequestLimits.perTryNanos(route, wishes);
        perTryIdleNanos = route.perTryIdleNanos();
        retry = RequestLimits.retry(route, wishes);
        // A caller's own deadline waits for nobody.
        ends = (grpc ? begun : started) + requestNanos;
    }

    private void reply() {
        answerWith(route.reply().status());
        LocalReply.send(client, filters, route.reply());
        finish();
    }

    private void redirect() {
        String location = route.location().of(request, session.filters().scheme());
        if (location == null) {
            fail(Failure.BAD_REWRITE);
            return;
        }
        answerWith(route.location().status());
        LocalReply.sendRedirect(client, filters, status, location);
        finish();
    }

    /** From here on a failure cuts the answer. */
    private void answerWith(int newStatus) {
        status = newStatus;
        answering = true;
    }

    private void forward() {
        if (!cluster.load().tryRequest(cluster.model().connections().maxRequests())) {
            fail(Failure.OVERFLOW);
            return;
        }
        counted = true;
        cluster.budget().deposit();
        if (route.hedge() != null && request.method().idempotent() && !request.isUpgrade()) hedge = new Hedge(route.hedge(), started);
        tryNext(false);
        setTimer();
    }

    /** @param onFreshConnection a kept one has just turned out to be dead */
    private void tryNext(boolean onFreshConnection) {
        tryBegins = NEVER;
        Destination destination;
        long permit;
        do {
            destination = cluster.balancer().pick(tried, key);
            // Only it has no endpoints to choose from.
            if (destination == null && cluster.model().originalDst()) destination = session.pools().original(cluster);
            if (destination == null) {
                fail(cluster.destinations().isEmpty() ? Failure.NO_HEALTHY_UPSTREAM : Failure.CIRCUIT_OPEN);
                return;
            }
            permit = destination.tryAcquire();
            // Refused although usable: another loop took the probe. Seen from here it has been tried.
            if (permit == 0 && !avoid(destination)) {
                fail(Failure.CIRCUIT_OPEN);
                return;
            }
        } while (permit == 0);
        tries++;
        tryEnds = (tries == 1 ? started : session.nanos()) + perTryNanos;
        if (tries > 1) request.set(FieldName.X_ENVOY_ATTEMPT_COUNT, Integer.toString(tries));
        attempt = attempt(destination, permit, tries, false);
        attempt.begin(onFreshConnection);
    }

    private Attempt attempt(Destination to, long permit, int number, boolean hedged) {
        Attempt next = new Attempt(this, to, permit, session, Attempt.version(cluster, to, request, client.version(), grpc));
        if (trace != null) {
            next.record(trace.attempt(session.filters().trace().draw(), number, hedged, to.upstream().address(),
                to.settings().expect().isPresent(), session.nanos()));
        }
        return next;
    }

    /** @return false when it was avoided already, and is offered again for want of others */
    private boolean avoid(Destination destination) {
        if (destination.isAmong(tried)) return false;
        if (tried.isEmpty()) tried = new ArrayList<>(4);
        tried.add(destination);
        return true;
    }

    @Override
    public long now() {
        return session.nanos();
    }

    @Override
    public boolean isGrpc() {
        return grpc;
    }

    // What a key may be made of.

    @Override
    public long address() {
        return session.clientHash().address();
    }

    @Override
    public int trustedHops() {
        return table.trustedHops();
    }

    @Override
    public long peer() {
        return session.clientHash().peer();
    }

    @Override
    public long give(Cookie given) {
        cookie = given;
        return session.clientHash().cookie(session.random());
    }

    // The request's way up.

    @Override
    public void onConnected(Attempt on) {
        UpstreamStream up = on.stream();
        boolean none = body.isNone();
        // What is left of it; the next hop knows nothing of the time that has passed here.
        if (grpc && requestNanos != CompiledRoute.NO_LIMIT) request.set(Grpc.TIMEOUT, Grpc.timeout(ends - session.nanos()));
        if (trace != null) session.filters().trace().call(request, trace.id(), on.span().id());
        up.sendHead(request, none);
        if (on != attempt) {
            if (!none) body.copyTo(up);
            return;
        }
        if (!none) body.sendTo(up);
        beginIdle();
        if (!over && !body.isComplete()) client.setReading(up.isWritable());
    }

    @Override
    public void onBody(ByteBuf data) {
        lastSign = session.nanos();
        bytesIn += data.readableBytes();
        if (bytesIn > bodyBytes) {
            data.release();
            stop(Failure.BODY_TOO_LARGE);
            return;
        }
        UpstreamStream up = upstream();
        body.add(data, up);
        if (over) return;
        if (up == null ? body.isFull() : !up.isWritable()) client.setReading(false);
    }

    @Override
    public void onEnd(Fields trailers) {
        // While it is still kept for another try: what is mirrored takes no buffer of its own.
        if (filters != null) filters.mirror(session, client.version(), request, body, trailers);
        body.end(trailers, upstream());
        beginIdle();
    }

    @Override
    public void onUpstreamWritable() {
        if (!over && !body.isComplete()) client.setReading(true);
    }

    private UpstreamStream upstream() {
        return attempt == null ? null : attempt.stream();
    }

    // The answer's way down.

    @Override
    public void onInformational(Attempt from, ResponseHead head) {
        if (from != attempt) return;
        lastSign = session.nanos();
        client.sendInformational(head);
    }

    @Override
    public void onHead(Attempt from, ResponseHead head, boolean end) {
        lastSign = session.nanos();
        if (hedge != null && !isTaken(from)) return;
        if (head.status() == 101) {
            switchProtocols(from, head);
            return;
        }
        if (retry.attempts() > 1 && answerIsRefused(from, head, end)) return;
        body.forget();
        tryEnds = NEVER;
        answering = true;
        answeredAt = lastSign;
        status = head.status();
        if (end && grpc) grpcStatus = Grpc.status(head);
        if (grpc && !Grpc.isGrpc(head)) {
            grpcStatus = Grpc.statusOf(status);
            LocalReply.sendGrpc(client, filters, status);
            finish();
            return;
        }
        toClient(head);
        client.sendHead(head, end);
        if (end) finish();
    }

    /** What is changed in an upstream's answer. */
    private void toClient(ResponseHead head) {
        session.filters().onResponse(head);
        if (cookie != null) session.clientHash().give(cookie, head);
        if (filters != null) filters.onResponse(head);
    }

    /** Whether another try is made in place of that answer. */
    private boolean answerIsRefused(Attempt from, ResponseHead head, boolean end) {
        long pause = session.retries().afterAnswer(retry, request.method(), grpc, head, end, doublings);
        if (!mayRetry(pause)) return false;
        from.drop();
        doublings = RetryDecision.isPushback(head) ? 0 : doublings + 1;
        tryAgain(from, pause, "status " + head.status());
        return true;
    }

    @Override
    public void onResponseBody(ByteBuf data) {
        lastSign = session.nanos();
        bytesOut += data.readableBytes();
        client.sendBody(data);
        if (!over && !client.isWritable()) attempt.stream().setReading(false);
    }

    @Override
    public void onResponseEnd(Fields trailers) {
        if (grpc && trailers != null) grpcStatus = Grpc.status(trailers);
        client.sendEnd(trailers);
        finish();
    }

    @Override
    public void onWritable() {
        UpstreamStream up = upstream();
        if (up != null) up.setReading(true);
    }

    private void switchProtocols(Attempt from, ResponseHead head) {
        status = 101;
        answering = true;
        toClient(head);
        Channel up = from.takeOver();
        Channel down = client.takeOver(head);
        Splice.join(down, List.of(), up, session.loop(), route.idleNanos(), from::tunnelEnded);
        finish();
    }

    // How it fails.

    @Override
    public void onAttemptFailed(Attempt failed, Failure failure, boolean unprocessed, String detail) {
        if (over) return;
        // Who was told the deadline ends a call by it too, and may be quicker than our timer.
        if (session.nanos() >= ends) {
            fail(Failure.REQUEST_TIMEOUT);
            return;
        }
        if (answering) {
            fail(failure);
            return;
        }
        if (hedge != null && hedge.isRacing()) {
            log(failed, failure.sentence(), "the other try goes on");
            goOnWithout(failed);
            return;
        }
        if (!raced && body.isReplayable() && RetryDecision.isRace(failure, unprocessed, request.method())) {
            raced = true;
            tryNext(true);
            return;
        }
        String why = detail.isEmpty() ? failure.sentence() : detail;
        long pause = session.retries().afterFailure(retry, request.method(), grpc, failure, unprocessed, doublings);
        if (mayRetry(pause)) {
            doublings++;
            tryAgain(failed, pause, why);
        } else {
            log(failed, why, "answered " + failure.httpStatus());
            fail(failure);
        }
    }

    /** Whether a try may be made that the policy wants after that pause: a try that could only be late is none. */
    private boolean mayRetry(long pause) {
        if (pause == RetryDecision.NO || retry.attempts() == 1) return false;
        String outcome =
            tries >= retry.attempts() ? "no_attempts"
            : !body.isReplayable() ? "no_replay"
            : session.nanos() + pause >= Math.min(ends, begun + streamNanos) ? "no_time"
            : !hasRoomToRetry() ? "overflow"
            : cluster.budget().tryWithdraw() ? "retried" : "no_budget";
        session.metrics().retry(outcome);
        unretried = switch (outcome) {
            case "no_attempts", "no_budget" -> ResponseFlags.NO_RETRIES_LEFT;
            case "overflow" -> ResponseFlags.NO_ROOM_TO_RETRY;
            default -> null;
        };
        return outcome.equals("retried");
    }

    /** Whether it may be among those of its cluster that are being retried; once it is, it stays one to its end. */
    private boolean hasRoomToRetry() {
        int most = cluster.model().retries().maxRetries();
        if (most > 0 && !retried) retried = cluster.load().tryRetry(most);
        return most == 0 || retried;
    }

    private void tryAgain(Attempt failed, long pause, String why) {
        avoid(failed.destination());
        attempt = null;
        hedge = null;
        tryEnds = NEVER;
        log(failed, why, "again");
        tryBegins = session.nanos() + pause;
        if (pause == 0) tryNext(false);
        setTimer();
    }

    // A second try beside the first.

    /** The first has had its time. What is not here as a whole, or cannot be sent again, is not sent twice. */
    private void tryBeside() {
        hedge.stay();
        if (!body.isComplete() || !body.isReplayable()) {
            session.metrics().hedge("no_replay");
            return;
        }
        avoid(attempt.destination());
        Destination other = cluster.balancer().pick(tried, key);
        if (other == null || other.isAmong(tried)) {
            session.metrics().hedge("no_endpoint");
        } else if (!hasRoomToRetry() || !hedge.tryWithdraw() || !cluster.budget().tryWithdraw()) {
            session.metrics().hedge("no_budget");
        } else {
            race(other, other.tryAcquire());
        }
    }

    /** @param permit 0 when another loop has just taken the probe */
    private void race(Destination other, long permit) {
        if (permit == 0) {
            session.metrics().hedge("no_endpoint");
            return;
        }
        Attempt second = attempt(other, permit, tries + 1, true);
        hedge.race(second, session.nanos() + perTryNanos);
        second.begin(false);
    }

    /** Whether that answer is the one to go on with. While two tries run, a bad one is not. */
    private boolean isTaken(Attempt from) {
        if (!hedge.isRacing()) {
            if (!from.isBad()) hedge.answered(lastSign);
            hedge = null;
            return true;
        }
        if (from.isBad()) {
            from.drop();
            goOnWithout(from);
            return false;
        }
        hedge.answered(lastSign);
        boolean won = from != attempt;
        (won ? attempt : hedge.rival()).lose();
        endRace(from, won ? "won" : "lost");
        return true;
    }

    private void goOnWithout(Attempt failed) {
        boolean won = failed == attempt;
        if (won) tryEnds = hedge.due();
        endRace(won ? hedge.rival() : attempt, won ? "won" : "failed");
    }

    private void endRace(Attempt left, String outcome) {
        attempt = left;
        hedge = null;
        session.metrics().hedge(outcome);
    }

    private void log(Attempt failed, String why, String then) {
        LOG.debugf("%s, attempt %d of %d: %s; %s", failed.destination().upstream(), tries, retry.attempts(), why, then);
    }

    @Override
    public void onFailure(Failure failure, boolean answerable) {
        if (over) return;
        if (answerable) {
            fail(failure);
        } else {
            if (!answering) status = failure.httpStatus();
            finish(failure);
        }
    }

    /** Fails for what the client does, and those are told who watch for that. */
    private void stop(Failure failure) {
        session.onStopped(client.channel(), StopReason.of(failure), failure.sentence());
        fail(failure);
    }

    private void fail(Failure failure) {
        if (over) return;
        if (answering) {
            client.abort(failure);
        } else {
            answerWith(failure.httpStatus());
            LocalReply.send(client, filters, failure);
        }
        finish(failure);
    }

    // How it ends.

    private void finish() {
        finish(null);
    }

    /** @param failure null for none */
    private void finish(Failure failure) {
        if (over) return;
        over = true;
        session.loop().timers().cancel(this);
        if (hedge != null && hedge.isRacing()) {
            hedge.rival().giveUp(failure == null ? Failure.DOWNSTREAM_RESET : failure);
            session.metrics().hedge("abandoned");
        }
        if (attempt != null) attempt.giveUp(failure == null ? Failure.DOWNSTREAM_RESET : failure);
        if (filters != null) filters.end(session, body);
        body.forget();
        if (counted) cluster.load().requestEnded();
        if (retried) cluster.load().retryEnded();
        long nanos = session.nanos() - begun;
        boolean own = cluster == null || table.owns();
        (own ? table.service() : cluster.meter()).request(session.loop().index(), status, grpcStatus, nanos);
        if (isObserved()) observe(failure, nanos);
    }

    // What is told of it.

    /** Whether anybody will be told of it. */
    private boolean isObserved() {
        return table.log() != null || trace != null;
    }

    private void observe(Failure failure, long nanos) {
        if (failure != null && (grpc || grpcStatus == NONE && Grpc.isGrpc(request))) grpcStatus = failure.grpcStatus();
        AccessLogger log = table.log();
        boolean flagged = failure != null || unretried != null;
        if (log != null && log.wants(status, flagged, grpcStatus, session.random())) log.write(entry(log, failure, nanos));
        if (trace != null) trace.end(traceEnd(failure, begun + nanos));
    }

    private RequestEnd traceEnd(Failure failure, long at) {
        return new RequestEnd(request.method().name(), request.method().isKnown(), request.askedTarget(), request.path(), session.filters().scheme(),
            request.authority(), client.version() == HttpVersion.HTTP_2 ? "2" : "1.1", status, failure,
            filters != null && filters.isDelayed(), unretried, route == null ? null : route.name(), cluster == null ? null : cluster.name(), session.peer(), session.clientName(client.channel()),
            request.get(FieldName.USER_AGENT), grpc || Grpc.isGrpc(request), grpcStatus, at);
    }

    private AccessEntry entry(AccessLogger log, Failure failure, long nanos) {
        return new AccessEntry(log.format(), session.millis() - TimeUnit.NANOSECONDS.toMillis(nanos),
            request.method().name(), request.askedTarget(), protocol(), status, failure, filters != null && filters.isDelayed(), unretried,
            route == null ? null : route.name(), cluster == null ? null : cluster.name(),
            attempt == null ? null : attempt.destination().upstream().address().toString(), tries,
            session.peer(), session.clientName(client.channel()), request.authority(),
            request.get(FieldName.X_REQUEST_ID), request.get(FieldName.TRACEPARENT),
            nanos, answeredAt == NONE ? NONE : answeredAt - begun, bytesIn, bytesOut, grpcStatus, request.get(FieldName.USER_AGENT));
    }

    private String protocol() {
        return client.version() == HttpVersion.HTTP_2 ? "HTTP/2" : "HTTP/1.1";
    }

    // Time.

    /** The request is here and on its way: from now on its upstream must say something every now and then, where its route wants that. */
    private void beginIdle() {
        if (perTryIdleNanos == CompiledRoute.NO_LIMIT) return;
        lastSign = session.nanos();
        setTimer();
    }

    /** When the only try has been silent for too long; of two that race none is. */
    private long tryIdleEnds() {
        boolean waits = perTryIdleNanos != CompiledRoute.NO_LIMIT && body.isComplete() && upstream() != null && (hedge == null || !hedge.isRacing());
        return waits ? lastSign + perTryIdleNanos : NEVER;
    }

    private void setTimer() {
        if (over) return;
        long whole = Math.min(Math.min(ends, begun + streamNanos), lastSign + idleNanos);
        long next = Math.min(Math.min(Math.min(whole, delayEnds), tryIdleEnds()), Math.min(tryEnds, tryBegins));
        session.loop().timers().setAt(this, hedge == null ? next : Math.min(next, hedge.due()));
    }

    @Override
    protected void expire() {
        long now = session.nanos();
        if (now >= delayEnds) {
            endDelay(now);
        } else if (now >= ends) {
            fail(Failure.REQUEST_TIMEOUT);
        } else if (now >= begun + streamNanos) {
            fail(body.isComplete() ? Failure.STREAM_TOO_LONG : Failure.REQUEST_TOO_LONG);
        } else if (now >= lastSign + idleNanos) {
            if (body.isComplete()) fail(Failure.STREAM_IDLE);
            else stop(Failure.REQUEST_BODY_TIMEOUT);
        } else if (now >= tryEnds) {
            tryEnds = NEVER;
            tooLate(attempt, Failure.PER_TRY_TIMEOUT);
        } else if (now >= tryIdleEnds()) {
            tooLate(attempt, Failure.PER_TRY_IDLE);
        } else if (hedge != null && now >= hedge.due()) {
            if (hedge.isRacing()) tooLate(hedge.rival(), Failure.PER_TRY_TIMEOUT);
            else tryBeside();
        } else if (now >= tryBegins) {
            tryNext(false);
        }
        setTimer();
    }

    private void tooLate(Attempt late, Failure failure) {
        late.giveUp(failure);
        onAttemptFailed(late, failure, false, "");
    }
}
