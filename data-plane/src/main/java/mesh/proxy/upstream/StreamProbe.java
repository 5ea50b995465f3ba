package mesh.proxy.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import mesh.model.Address;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.http1.Http1ClientConnection;
import mesh.proxy.http1.Http1Limits;
import mesh.proxy.http2.Http2ClientConnection;
import mesh.proxy.http2.Http2Limits;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.outcome.Failure;
import mesh.proxy.tls.MeshTls;

/**
 * Asks by a request of HTTP, on a connection of its own, kept for the next time if the policy says so. What the request is, and what its
 * answer means, subclasses know.
 */
abstract class StreamProbe implements HealthProbe {

    static final FieldName USER_AGENT_FIELD = FieldName.of("user-agent");

    /** Of an answer's body that is listened to. */
    private static final int MOST_BYTES = 64 * 1024;

    private final Connector connector;
    private final ProxyLoop loop;
    private final Address address;
    private final ConnectSettings settings;
    private final boolean http2;
    private final boolean reuse;
    /** Null for none. */
    private Connection kept;
    /** Null for none. */
    private Asking current;

    /** @param http2 what is spoken; under TLS the peer must agree */
    StreamProbe(Connector connector, ProxyLoop loop, Address address, ConnectSettings settings, boolean http2, boolean reuse) {
        this.connector = connector;
        this.loop = loop;
        this.address = address;
        this.settings = settings;
        this.http2 = http2;
        this.reuse = reuse;
    }

    /** To that authority, or, where it cannot be one, to the address. */
    static RequestHead head(String method, String target, String authority, Address address) {
        RequestHead head = new RequestHead();
        return head.begin(method, target, authority) ? head : RequestHead.of(method, target, address.toString());
    }

    /** A new head; what was learnt of the last answer is forgotten. */
    abstract RequestHead question();

    /** What follows the head; null for nothing. */
    abstract ByteBuf body();

    abstract void onHead(ResponseHead head);

    /** @param part the caller's */
    abstract void onBody(ByteBuf part);

    /**
     * The answer is complete, or so long that no more of it is wanted.
     *
     * @param trailers null for none
     */
    abstract void judge(Fields trailers, Outcome outcome);

    @Override
    public final void ask(Outcome outcome) {
        current = new Asking(outcome);
        if (kept != null && kept.isUsable()) current.open(kept);
        else current.connect();
    }

    @Override
    public final void close() {
        if (current != null) current.giveUp();
        current = null;
        drop();
    }

    private void drop() {
        Connection dropped = kept;
        kept = null;
        if (dropped != null) dropped.http.channel().close();
    }

    /** One asking, from connecting to the outcome. */
    private final class Asking implements Connector.Result, UpstreamHandler {

        private final Outcome outcome;
        private UpstreamStream stream;
        private boolean onKept;
        private long received;

        Asking(Outcome outcome) {
            this.outcome = outcome;
        }

        void connect() {
            drop();
            onKept = false;
            connector.connect(loop, address, http2 ? MeshTls.Traffic.HTTP2 : MeshTls.Traffic.HTTP1, settings, this);
        }

        @Override
        public void onConnected(Channel channel) {
            if (current != this) {
                channel.close();
                return;
            }
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (http2 && tls != null && !"h2".equals(tls.applicationProtocol())) {
                channel.close();
                end(Answer.NETWORK_FAILURE, "does not speak HTTP/2");
                return;
            }
            kept = new Connection(channel);
            open(kept);
        }

        @Override
        public void onFailed(Failure failure, String detail) {
            if (current == this) end(Answer.NETWORK_FAILURE, failure.sentence() + " (" + detail + ")");
        }

        void open(Connection connection) {
            onKept = connection.http.reused();
            received = 0;
            stream = connection.http.open(this);
            RequestHead head = question();
            ByteBuf body = body();
            stream.sendHead(head, body == null);
            if (current == this && body != null) {
                stream.sendBody(body);
                stream.sendEnd(null);
            } else if (body != null) {
                body.release();
            }
            if (current == this) stream.flush();
        }

        @Override
        public void onInformational(ResponseHead head) {
            // It says nothing yet.
        }

        @Override
        public void onHead(ResponseHead head, boolean end) {
            if (current != this) return;
            StreamProbe.this.onHead(head);
            if (end) conclude(head);
        }

        @Override
        public void onBody(ByteBuf data) {
            received += data.readableBytes();
            if (current == this && received <= MOST_BYTES) StreamProbe.this.onBody(data);
            data.release();
            if (current != this || received <= MOST_BYTES) return;
            giveUp();
            drop();
            conclude(null);
        }

        @Override
        public void onEnd(Fields trailers) {
            if (current == this) conclude(trailers);
        }

        @Override
        public void onWritable() {
            // A question is small, and sent at once.
        }

        @Override
        public void onFailure(Failure failure, boolean unprocessed) {
            if (current != this) return;
            // A kept connection may have been closed while nobody looked, which says nothing of the endpoint's health.
            if (onKept) connect();
            else end(Answer.NETWORK_FAILURE, failure.sentence());
        }

        private void conclude(Fields trailers) {
            current = null;
            if (!reuse) drop();
            judge(trailers, outcome);
        }

        private void end(Answer answer, String why) {
            current = null;
            drop();
            outcome.onAnswer(answer, why);
        }

        void giveUp() {
            if (stream != null) stream.cancel(Failure.PER_TRY_TIMEOUT);
        }
    }

    /** The one that is kept. */
    private final class Connection implements ClientConnection.Owner {

        private final ClientConnection http;
        /** When a certificate of it ends, as the loop's timers tell it. */
        private final long ends;

        Connection(Channel channel) {
            long left = connector.nanosToRetire(channel).orElse(Long.MAX_VALUE / 2);
            ends = loop.timers().now() + left;
            if (http2) {
                Http2ClientConnection connection = new Http2ClientConnection(this, Http2Limits.CLIENT, loop.timers());
                http = connection;
                channel.pipeline().addLast(connection);
            } else {
                Http1ClientConnection connection = new Http1ClientConnection(this, Http1Limits.DEFAULT);
                http = connection;
                channel.pipeline().addLast(connection);
            }
        }

        boolean isUsable() {
            return http.capacity() > 0 && http.channel().isActive() && loop.timers().now() < ends;
        }

        @Override
        public void onCapacity(ClientConnection connection) {
            // It is looked at when it is needed.
        }

        @Override
        public void onRetired(ClientConnection connection) {
            if (kept == this) kept = null;
        }
    }
}
