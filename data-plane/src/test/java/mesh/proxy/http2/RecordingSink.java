package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mesh.proxy.outcome.StopReason;

/** Writes down what it is told; parts of one frame as one. */
final class RecordingSink implements FrameReader.Sink {

    final List<String> seen = new ArrayList<>();
    private String part = "";
    private boolean over;

    @Override
    public void onData(int stream, int length) {
        seen.add("data " + stream + " of " + length);
    }

    @Override
    public void onDataPart(ByteBuf data) {
        part += data.toString(StandardCharsets.US_ASCII);
        data.release();
    }

    @Override
    public void onDataEnd(int padding, boolean endStream) {
        if (!part.isEmpty()) seen.add("part " + part);
        part = "";
        seen.add("end " + padding + " " + endStream);
    }

    @Override
    public void onHeaders(int stream, byte[] block, int length, boolean endStream, boolean ownParent) {
        seen.add("head " + stream + " " + ByteBufUtil.hexDump(block, 0, length) + " " + endStream + (ownParent ? " own parent" : ""));
    }

    @Override
    public void onPriority(int stream, ErrorCode wrong) {
        seen.add("priority " + stream + " " + wrong);
    }

    @Override
    public void onReset(int stream, long code) {
        seen.add("reset " + stream + " " + code);
    }

    @Override
    public void onSetting(int id, long value) {
        seen.add("setting " + id + " " + value);
    }

    @Override
    public void onSettingsEnd(boolean ack) {
        seen.add("settings " + ack);
    }

    @Override
    public void onPing(long data, boolean ack) {
        seen.add("ping " + data + " " + ack);
    }

    @Override
    public void onGoAway(int lastStream, long code) {
        seen.add("away " + lastStream + " " + code);
    }

    @Override
    public void onWindowUpdate(int stream, int increment) {
        seen.add("window " + stream + " " + increment);
    }

    @Override
    public void onUnknown() {
        seen.add("unknown");
    }

    @Override
    public void error(ErrorCode code, String why) {
        seen.add("error " + code);
        over = true;
    }

    @Override
    public void tooMuch(StopReason reason, String why) {
        error(ErrorCode.ENHANCE_YOUR_CALM, why);
    }

    @Override
    public boolean isOver() {
        return over;
    }
}
