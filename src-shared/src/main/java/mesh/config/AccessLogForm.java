package mesh.config;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import mesh.model.AccessLogPolicy;
import mesh.model.Listener;
import mesh.model.Listener.HttpTraffic;
import mesh.model.Percent;

/** {@code accessLog}: a flag or a section, of the file for all its HTTP listeners and of a listener in its place. */
final class AccessLogForm {

    private final Path directory;
    /** What listeners say themselves, by name. */
    private final Map<String, Said> own = new HashMap<>();

    /** @param directory where relative paths begin */
    AccessLogForm(Path directory) {
        this.directory = directory;
    }

    /**
     * What one {@code accessLog} says.
     *
     * @param said whether it is there
     * @param log  empty for false
     */
    record Said(boolean said, Optional<AccessLogPolicy> log) {
        static final Said NOTHING = new Said(false, Optional.empty());
    }

    /** Keeps what a listener says, until it can be {@link #complete}d. */
    void listener(Section s, String name, boolean tcp) {
        if (tcp) s.refuse("accessLog", "beside protocol tcp", "only with protocol http");
        else own.put(name, read(s));
    }

    Said read(Section s) {
        if (!s.has("accessLog")) return Said.NOTHING;
        // What is not plain is a section, or a finding of its.
        if (s.text("accessLog").isEmpty()) return new Said(true, s.section("accessLog").map(this::policy));
        return new Said(true, Boolean.TRUE.equals(s.flag("accessLog", false)) ? Optional.of(AccessLogPolicy.DEFAULT) : Optional.empty());
    }

    /** @param common what the file says for all */
    Listener complete(Listener listener, Said common) {
        if (!(listener.traffic() instanceof HttpTraffic)) return listener;
        Said its = own.get(listener.name());
        return listener.withLog(its.said ? its.log : common.log);
    }

    /** Null after a finding. */
    private AccessLogPolicy policy(Section s) {
        AccessLogPolicy normal = AccessLogPolicy.DEFAULT;
        AccessLogPolicy.Format format = s.read("format", normal.format(), AccessLogPolicy.Format::parse);
        String file = s.read("file", normal.file(), this::file);
        Percent sample = s.read("sample", normal.sample(), Values::sample);
        Boolean errors = s.flag("errors", true);
        s.end();
        return s.make(() -> new AccessLogPolicy(format, file, sample, errors));
    }

    private String file(String text) {
        return switch (text) {
            case "stdout" -> AccessLogPolicy.STDOUT;
            case "stderr" -> AccessLogPolicy.STDERR;
            case "" -> throw new IllegalArgumentException("\"\" (expected: stdout, stderr or a path)");
            default -> directory.resolve(text).normalize().toString();
        };
    }
}
