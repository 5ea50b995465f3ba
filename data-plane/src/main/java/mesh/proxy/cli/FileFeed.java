package mesh.proxy.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import mesh.config.IdentityFiles;
import mesh.config.SidecarConfig;
import mesh.model.ApplyResult;
import mesh.model.Locality;
import mesh.model.Problem;
import mesh.model.TrustBundle;
import mesh.pki.PemFiles;
import mesh.pki.SvidFiles;
import mesh.proxy.Sidecar;
import mesh.proxy.cli.StartOptions.Listens;
import mesh.proxy.discovery.FileSource;
import org.jboss.logging.Logger;

/** One file and the certificates it names. */
final class FileFeed implements Feed {

    private static final Logger LOG = Logger.getLogger(FileFeed.class);

    private final Path file;
    private final Optional<Locality> locality;
    private final OptionalLong memory;
    private final Sidecar sidecar;
    private final InstantSource clock;
    private final FileSource source;
    private final ScheduledExecutorService thread;
    private Optional<SvidFiles> identity = Optional.empty();
    private volatile Optional<SidecarConfig> current = Optional.empty();

    /**
     * What is not empty comes before what the file says.
     *
     * @param locality where the sidecar runs
     * @param memory   bytes that connections may hold
     */
    FileFeed(Path file, Optional<Locality> locality, OptionalLong memory, Sidecar sidecar, InstantSource clock) {
        this(file, locality, memory, sidecar, clock, Executors.newSingleThreadScheduledExecutor(task -> {
            Thread t = new Thread(task, "mesh-file");
            t.setDaemon(true);
            return t;
        }));
    }

    /** @param thread to look at the file on; ended with this feed */
    FileFeed(Path file, Optional<Locality> locality, OptionalLong memory, Sidecar sidecar, InstantSource clock, ScheduledExecutorService thread) {
        this.file = file;
        this.locality = locality;
        this.memory = memory;
        this.sidecar = sidecar;
        this.clock = clock;
        this.thread = thread;
        this.source = new FileSource(file, this::apply, sidecar.metrics()::configRejected, thread);
    }

    @Override
    public List<Problem> open() {
        return source.load() instanceof ApplyResult.Rejected rejected ? rejected.problems() : List.of();
    }

    @Override
    public void follow() {
        source.start();
    }

    @Override
    public boolean ready() {
        return current.isPresent();
    }

    @Override
    public Listens listens() {
        return listensOf(current.orElseThrow());
    }

    private static Listens listensOf(SidecarConfig config) {
        return new Listens(config.adminListen(), config.metricsListen(), config.healthListen());
    }

    /** The certificates first, because listeners that need them are about to open; back again when those are refused. */
    private ApplyResult apply(SidecarConfig config, long version) {
        Optional<SvidFiles> before = identity;
        List<TrustBundle> federation = new ArrayList<>();
        if (config.identity().isPresent()) {
            IdentityFiles files = config.identity().get();
            try {
                Optional<SvidFiles> read = Optional.of(SvidFiles.read(files.ca(), files.cert(), files.key(), clock.instant()));
                for (IdentityFiles.Federated each : files.federation()) {
                    federation.add(PemFiles.bundle(each.ca(), each.trustDomain()));
                }
                identity = read;
            } catch (IOException e) {
                return new ApplyResult.Rejected(List.of(new Problem("", e.getMessage(), file.toString(), 0, 0)));
            }
            rotate(identity);
        }
        sidecar.locate(locality.or(config::locality));
        sidecar.budget(memory.isPresent() ? memory : config.memoryBytes());
        ApplyResult result = sidecar.apply(config.snapshot().withVersion(version).withFederation(federation), config.places());
        if (result instanceof ApplyResult.Rejected rejected) {
            identity = before;
            rotate(before);
            return new ApplyResult.Rejected(rejected.problems().stream().map(this::inFile).toList());
        }
        current.filter(was -> !listensOf(was).equals(listensOf(config))).ifPresent(was ->
            LOG.warnf("%s: where admin, metrics and health are served changes with the next start", file));
        current = Optional.of(config);
        return result;
    }

    private void rotate(Optional<SvidFiles> files) {
        files.ifPresent(each -> sidecar.rotate(each.svid(), each.bundle()));
    }

    /** What only the sidecar can find, such as a port in use, it finds without knowing of a file. */
    private Problem inFile(Problem problem) {
        return new Problem(problem.path(), problem.message(), file.toString(), 0, 0);
    }

    @Override
    public void close() {
        source.close();
        thread.shutdownNow();
    }
}
