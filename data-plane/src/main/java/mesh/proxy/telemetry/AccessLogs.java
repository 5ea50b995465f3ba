package mesh.proxy.telemetry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.AccessLogPolicy;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.time.Ticker;

/** The access logs of all listeners, by their files: what writes to one file shares it. Any thread. */
public final class AccessLogs implements AutoCloseable {

    private final Ticker ticker;
    private final ProxyMetrics metrics;
    private final Map<String, AccessLogFile> files = new LinkedHashMap<>();
    private boolean isSaid;
    private Optional<AccessLogPolicy> said = Optional.empty();

    public AccessLogs(Ticker ticker, ProxyMetrics metrics) {
        this.ticker = ticker;
        this.metrics = metrics;
    }

    /** For every HTTP listener, whatever its configuration says. Before the first. @param log empty for none */
    public synchronized void everywhere(Optional<AccessLogPolicy> log) {
        isSaid = true;
        said = log;
    }

    /** Opens what a configuration names. @return which files cannot be opened; then it must not come into force */
    public synchronized List<Problem> open(MeshSnapshot next) {
        List<Problem> problems = new ArrayList<>();
        next.listeners().values().forEach(listener -> policy(listener).ifPresent(policy -> open(policy, listener, problems)));
        return problems;
    }

    private void open(AccessLogPolicy policy, Listener listener, List<Problem> problems) {
        if (files.containsKey(policy.file())) return;
        try {
            files.put(policy.file(), new AccessLogFile(policy.file(), LogTargets.of(policy.file()), ticker, metrics::accessLogDropped));
        } catch (IOException e) {
            problems.add(new Problem("listeners." + listener.name() + ".accessLog", "file: \"" + policy.file() + "\" cannot be opened: " + e
                + " (expected: a file that can be appended to)"));
        }
    }

    /** The log of a listener that is {@link #open}, or null for none. */
    public synchronized AccessLogger of(Listener listener) {
        return policy(listener).map(policy -> new AccessLogger(policy, files.get(policy.file()))).orElse(null);
    }

    /** A configuration is in force: what it does not name is closed. */
    public synchronized void keep(MeshSnapshot now) {
        Set<String> named = new HashSet<>();
        now.listeners().values().forEach(listener -> policy(listener).ifPresent(policy -> named.add(policy.file())));
        files.entrySet().removeIf(each -> {
            if (named.contains(each.getKey())) return false;
            each.getValue().retire();
            return true;
        });
    }

    private Optional<AccessLogPolicy> policy(Listener listener) {
        if (!(listener.traffic() instanceof Listener.HttpTraffic)) return Optional.empty();
        return isSaid ? said : listener.log();
    }

    /** Opens every file by its name again: it has been moved away. */
    public synchronized void reopen() {
        files.values().forEach(AccessLogFile::reopen);
    }

    /** Writes what waits. */
    @Override
    public synchronized void close() {
        files.values().forEach(AccessLogFile::close);
        files.clear();
    }
}
