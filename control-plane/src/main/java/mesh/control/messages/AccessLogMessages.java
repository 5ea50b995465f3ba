package mesh.control.messages;

import mesh.model.AccessLogPolicy;
import mesh.model.Percent;

/** {@code mesh.v1.AccessLog}, to the model and back. */
final class AccessLogMessages {

    private static final int HUNDRED = 100;

    private AccessLogMessages() {}

    /** Null when there were problems. */
    static AccessLogPolicy decode(mesh.v1.AccessLog m, String path, Problems problems) {
        AccessLogPolicy normal = AccessLogPolicy.DEFAULT;
        AccessLogPolicy.Format format = m.getFormat().isEmpty() ? normal.format()
            : problems.read(path + ".format", () -> AccessLogPolicy.Format.parse(m.getFormat()));
        Percent sample = m.hasSample() ? problems.read(path + ".sample", () -> sample(m.getSample())) : normal.sample();
        String file = m.getFile().isEmpty() ? normal.file() : m.getFile();
        if (format == null || sample == null) {
            return null;
        }
        return problems.read(path, () -> new AccessLogPolicy(format, file, sample, !m.hasErrors() || m.getErrors()));
    }

    private static Percent sample(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("\"" + share + "\" (expected: 0 to 1, such as 0.1)");
        }
        return Percent.of(share * HUNDRED);
    }

    static mesh.v1.AccessLog encode(AccessLogPolicy log) {
        return mesh.v1.AccessLog.newBuilder().setFormat(log.format().text()).setFile(log.file())
            .setSample(log.sample().percent() / HUNDRED).setErrors(log.errors()).build();
    }
}
