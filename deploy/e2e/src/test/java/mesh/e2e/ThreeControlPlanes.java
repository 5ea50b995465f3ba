package mesh.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mesh.etcd.EtcdCluster;
import mesh.model.Address;

/** Three control planes on three etcd servers. Any of either may be killed and started again. */
final class ThreeControlPlanes implements AutoCloseable {

    static final int SIZE = 3;

    private final EtcdCluster etcd;
    private final List<ControlPlaneProcess> replicas = new ArrayList<>();

    /** @param options of each control plane */
    ThreeControlPlanes(Path dir, String... options) throws IOException {
        etcd = EtcdCluster.start(SIZE, Files.createDirectory(dir.resolve("etcd")));
        try {
            String endpoints = etcd.clients().stream().map(Address::toString).collect(Collectors.joining(","));
            String[] words = Stream.concat(Stream.of("--store", "etcd", "--etcd-endpoints", endpoints), Stream.of(options)).toArray(String[]::new);
            IntStream.range(0, SIZE).mapToObj(i -> CompletableFuture.supplyAsync(() -> new ControlPlaneProcess(dir.resolve("replica-" + i), words)))
                .toList().forEach(each -> replicas.add(each.join()));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    EtcdCluster etcd() {
        return etcd;
    }

    ControlPlaneProcess get(int replica) {
        return replicas.get(replica);
    }

    List<ControlPlaneProcess> all() {
        return List.copyOf(replicas);
    }

    @Override
    public void close() {
        replicas.forEach(ControlPlaneProcess::close);
        etcd.close();
    }
}
