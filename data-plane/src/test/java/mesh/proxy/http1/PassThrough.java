package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.Fields;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.outcome.Failure;

/** The least that a proxy does: a request goes out over a connection, its answer comes back, and each side stops while the other is full. */
final class PassThrough implements DownstreamHandler {

    private final DownstreamStream downstream;
    private final UpstreamStream upstream;

    PassThrough(DownstreamStream downstream, boolean end, ClientConnection connection) {
        this.downstream = downstream;
        this.upstream = connection.open(new Back());
        upstream.sendHead(downstream.head(), end);
    }

    @Override
    public void onBody(ByteBuf data) {
        upstream.sendBody(data);
        if (!upstream.isWritable()) downstream.setReading(false);
    }

    @Override
    public void onEnd(Fields trailers) {
        upstream.sendEnd(trailers);
    }

    @Override
    public void onWritable() {
        upstream.setReading(true);
    }

    @Override
    public void onFailure(Failure failure, boolean answerable) {
        upstream.cancel(failure);
        if (answerable) downstream.sendHead(ResponseHead.of(failure.httpStatus()), true);
    }

    private final class Back implements UpstreamHandler {

        private boolean begun;

        @Override
        public void onInformational(ResponseHead head) {
            downstream.sendInformational(head);
        }

        @Override
        public void onHead(ResponseHead head, boolean end) {
            begun = true;
            downstream.sendHead(head, end);
        }

        @Override
        public void onBody(ByteBuf data) {
            downstream.sendBody(data);
            if (!downstream.isWritable()) upstream.setReading(false);
        }

        @Override
        public void onEnd(Fields trailers) {
            downstream.sendEnd(trailers);
        }

        @Override
        public void onWritable() {
            downstream.setReading(true);
        }

        @Override
        public void onFailure(Failure failure, boolean unprocessed) {
            if (begun) downstream.abort(failure);
            else downstream.sendHead(ResponseHead.of(failure.httpStatus()), true);
        }
    }
}
