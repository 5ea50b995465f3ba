package mesh.control.store;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.control.journal.DirectoryFiles;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;

/** A process that writes to the embedded store as fast as it can, and says each version once it is acknowledged. */
final class WriteLoad {

    /** So small that it is compacted every few writes. */
    static final long KEEP_BYTES = 4096;

    private WriteLoad() {}

    public static void main(String[] args) throws Exception {
        MeshStore store = MeshStore.open(DirectoryFiles.open(Path.of(args[0])), () -> Optional.empty(), InstantSource.system(), KEEP_BYTES);
        while (true) {
            long next = store.current().version() + 1;
            store.edit(0, current -> numbered(next), "load", "write " + next);
            System.out.println(next);
        }
    }

    /** What a version holds: its own number. */
    static MeshSnapshot numbered(long version) {
        Cluster cluster = new Cluster("c", BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT);
        Endpoint endpoint = new Endpoint(new Address("v" + version, 80), 1, Optional.empty());
        return new MeshSnapshot(0, Map.of(), Map.of(), Map.of("c", cluster), Map.of("c", new EndpointSet("c", List.of(endpoint))), Optional.empty());
    }
}
