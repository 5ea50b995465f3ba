package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.Fields;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.outcome.Failure;

/** Writes down what a codec tells it, on either side. */
final class RecordingHandler implements DownstreamHandler, UpstreamHandler {

    final List<String> events = new ArrayList<>();
    final DownstreamStream stream;
    Runnable atBody = () -> {};

    RecordingHandler(DownstreamStream stream, boolean end) {
        this.stream = stream;
        events.add(stream.head().method().name() + " " + stream.head().target() + (end ? " end" : ""));
    }

    RecordingHandler() {
        this.stream = null;
    }

    /** What has happened since the last call, the parts of a body joined. */
    String take() {
        String all = String.join(", ", events);
        events.clear();
        return all;
    }

    @Override
    public void onInformational(ResponseHead head) {
        events.add(Integer.toString(head.status()));
    }

    @Override
    public void onHead(ResponseHead head, boolean end) {
        events.add(head.status() + (end ? " end" : ""));
    }

    @Override
    public void onBody(ByteBuf data) {
        String text = "body " + data.toString(StandardCharsets.ISO_8859_1);
        data.release();
        int last = events.size() - 1;
        if (last >= 0 && events.get(last).startsWith("body ")) events.set(last, events.get(last) + text.substring("body ".length()));
        else events.add(text);
        atBody.run();
    }

    @Override
    public void onEnd(Fields trailers) {
        events.add("end" + (trailers == null ? "" : " " + trailers.name(0) + "=" + trailers.value(0)));
    }

    @Override
    public void onWritable() {
        events.add("writable");
    }

    /** {@code noted} is {@code answerable} on the downstream side, {@code unprocessed} on the upstream side. */
    @Override
    public void onFailure(Failure failure, boolean noted) {
        events.add(failure + (noted ? stream != null ? " answerable" : " unprocessed" : ""));
    }
}
