package mesh.proxy.workload;

import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc.SecretDiscoveryServiceStub;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import mesh.spiffe.SpiffeWorkloadAPIGrpc;
import mesh.spiffe.SpiffeWorkloadAPIGrpc.SpiffeWorkloadAPIBlockingStub;

/** The application's side of a workload socket. */
final class WorkloadClient implements AutoCloseable {

    private final EventLoopGroup loop = new EpollEventLoopGroup(1);
    private final ManagedChannel channel;

    WorkloadClient(Path socket) {
        channel = NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString())).eventLoopGroup(loop)
            .channelType(EpollDomainSocketChannel.class).usePlaintext().build();
    }

    SpiffeWorkloadAPIBlockingStub api() {
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER), "true");
        return withoutMetadata().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    SpiffeWorkloadAPIBlockingStub withoutMetadata() {
        return SpiffeWorkloadAPIGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    SecretDiscoveryServiceStub sds() {
        return SecretDiscoveryServiceGrpc.newStub(channel);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
