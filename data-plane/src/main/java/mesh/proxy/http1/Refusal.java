package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.Locale;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.outcome.Failure;

/** The answer to what was no request. It says no more than its status does: the detail is for our log. */
final class Refusal {

    private Refusal() {}

    static ByteBuf of(ByteBufAllocator alloc, Failure failure) {
        String text = ResponseHead.reason(failure.httpStatus()).toLowerCase(Locale.ROOT) + "\n";
        ResponseHead head = ResponseHead.of(failure.httpStatus());
        head.add(FieldName.CONTENT_TYPE, "text/plain");
        head.add(FieldName.CONTENT_LENGTH, Integer.toString(text.length()));
        ByteBuf out = Http1HeadWriter.response(alloc, head, text.length(), true, true);
        ByteBufUtil.writeAscii(out, text);
        return out;
    }
}
