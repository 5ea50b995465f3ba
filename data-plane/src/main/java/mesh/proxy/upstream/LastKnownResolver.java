package mesh.proxy.upstream;

import io.netty.resolver.AbstractAddressResolver;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.proxy.telemetry.Seldom;
import org.jboss.logging.Logger;

/**
 * Goes on with the address that a name had last while name servers fail or say nothing: an endpoint is more likely still there than gone with
 * them. Of a bounded number of names, those asked for last. Any thread.
 */
final class LastKnownResolver extends AddressResolverGroup<InetSocketAddress> {

    private static final Logger LOG = Logger.getLogger(LastKnownResolver.class);
    private static final int MOST_NAMES = 10_000;
    /** How long name servers may take where there is something to go on with: the name is part of what a connect timeout covers. */
    static final long PATIENCE_MILLIS = 300;

    private final AddressResolverGroup<InetSocketAddress> servers;
    private final InstantSource clock;
    private final Seldom said = new Seldom();
    private final Map<String, InetAddress> known = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, InetAddress> eldest) {
            return size() > MOST_NAMES;
        }
    });

    /** @param servers is asked; not closed with this */
    LastKnownResolver(AddressResolverGroup<InetSocketAddress> servers, InstantSource clock) {
        this.servers = servers;
        this.clock = clock;
    }

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor loop) {
        return new OfLoop(loop, servers.getResolver(loop));
    }

    private void tell(InetSocketAddress name, InetAddress last, String why) {
        long others = said.ask(clock.instant().getEpochSecond());
        if (others == Seldom.NOT_NOW) return;
        LOG.warnf("no address of %s: %s; the last known is used, %s%s", name.getHostString(), why, last.getHostAddress(), Seldom.others(others));
    }

    private final class OfLoop extends AbstractAddressResolver<InetSocketAddress> {

        private final AddressResolver<InetSocketAddress> asked;

        OfLoop(EventExecutor loop, AddressResolver<InetSocketAddress> asked) {
            super(loop, InetSocketAddress.class);
            this.asked = asked;
        }

        @Override
        protected boolean doIsResolved(InetSocketAddress address) {
            return !address.isUnresolved();
        }

        @Override
        protected void doResolve(InetSocketAddress name, Promise<InetSocketAddress> promise) {
            InetAddress last = known.get(name.getHostString());
            Future<InetSocketAddress> answer = asked.resolve(name);
            Future<?> patience = last == null || answer.isDone() ? null : executor().schedule(
                () -> goOn(name, last, "no answer within " + PATIENCE_MILLIS + " ms", promise), PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            answer.addListener((Future<InetSocketAddress> done) -> {
                if (patience != null) patience.cancel(false);
                if (done.isSuccess()) {
                    known.put(name.getHostString(), done.getNow().getAddress());
                    promise.trySuccess(done.getNow());
                } else if (last != null) {
                    goOn(name, last, done.cause().toString(), promise);
                } else {
                    promise.tryFailure(done.cause());
                }
            });
        }

        private void goOn(InetSocketAddress name, InetAddress last, String why, Promise<InetSocketAddress> promise) {
            if (promise.trySuccess(new InetSocketAddress(last, name.getPort()))) tell(name, last, why);
        }

        /** Nobody asks for all of them. */
        @Override
        protected void doResolveAll(InetSocketAddress name, Promise<List<InetSocketAddress>> promise) {
            asked.resolveAll(name, promise);
        }
    }
}
