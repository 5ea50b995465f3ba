package mesh.proxy.discovery;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import mesh.model.Address;

/**
 * Looks up all replicas of a control plane, in a new random order each time: a channel connects to the first that is there, so that sidecars
 * spread over them, and one that has to leave its replica finds another.
 */
final class ControlPlaneResolver extends NameResolver {

    private static final String SCHEME = "mesh-control-plane";

    private final List<Address> replicas;
    private final Executor lookups;
    private Listener2 listener;

    private ControlPlaneResolver(List<Address> replicas, Executor lookups) {
        this.replicas = replicas;
        this.lookups = lookups;
    }

    /** What a channel to one of them is made for. */
    static String target(List<Address> replicas) {
        return SCHEME + ":///" + Address.listed(replicas);
    }

    @Override
    public String getServiceAuthority() {
        return replicas.get(0).toString();
    }

    @Override
    public void start(Listener2 told) {
        listener = told;
        lookup();
    }

    @Override
    public void refresh() {
        lookup();
    }

    private void lookup() {
        lookups.execute(() -> {
            List<EquivalentAddressGroup> found = new ArrayList<>();
            List<String> unknown = new ArrayList<>();
            for (Address replica : replicas) {
                try {
                    for (InetAddress each : InetAddress.getAllByName(replica.host())) {
                        found.add(new EquivalentAddressGroup(new InetSocketAddress(each, replica.port())));
                    }
                } catch (UnknownHostException e) {
                    unknown.add(replica.host());
                }
            }
            Collections.shuffle(found);
            Status nowhere = Status.UNAVAILABLE.withDescription("unknown host: " + String.join(", ", unknown));
            listener.onResult(ResolutionResult.newBuilder()
                .setAddressesOrError(found.isEmpty() ? StatusOr.fromStatus(nowhere) : StatusOr.fromValue(found))
                .setAttributes(Attributes.EMPTY).build());
        });
    }

    @Override
    public void shutdown() {}

    /** Makes them for channels of our target. */
    static final class Provider extends NameResolverProvider {

        @Override
        public NameResolver newNameResolver(URI target, NameResolver.Args args) {
            if (!SCHEME.equals(target.getScheme())) {
                return null;
            }
            List<Address> replicas = Stream.of(target.getPath().substring(1).split(",")).map(Address::parse).toList();
            return new ControlPlaneResolver(replicas, Optional.ofNullable(args.getOffloadExecutor()).orElseThrow());
        }

        @Override
        public String getDefaultScheme() {
            return SCHEME;
        }

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return 5;
        }
    }
}
