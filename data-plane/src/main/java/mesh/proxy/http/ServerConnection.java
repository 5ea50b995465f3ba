package mesh.proxy.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandler;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.StopReason;

/** A client's connection as its codec has it, whatever HTTP it speaks. On the channel's event loop only. */
public interface ServerConnection extends ChannelInboundHandler {

    /** Lets the requests in flight end, tells the client to go elsewhere, and closes. */
    void drain();

    /** The same for a client that may not be here any more: no request is begun from now on, not even one that is on its way. */
    void dismiss();

    /** Told of what no handler gets to see. */
    interface Observer {

        /** A request was refused before it got a handler. */
        void onRefused(Channel channel, Failure failure, String why);

        /** The client has broken a rule or cost too much; its connection ends, or the request where only that is at fault. */
        default void onStopped(Channel channel, StopReason reason, String why) {}

        /** Heads take so many bytes of heap more than they did, or fewer. */
        default void onHeld(int more) {}

        /** Our own fault; the connection is closed. */
        void onBug(Channel channel, Throwable bug);
    }
}
