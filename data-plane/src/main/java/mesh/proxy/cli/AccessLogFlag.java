package mesh.proxy.cli;

import java.nio.file.Path;
import java.util.Optional;
import mesh.model.AccessLogPolicy;
import mesh.model.Percent;

/**
 * What the command line says of access logs, in place of every configuration.
 *
 * @param log of all HTTP listeners; empty for none
 */
record AccessLogFlag(Optional<AccessLogPolicy> log) {

    /**
     * Reads {@code text}, {@code json} or {@code true} (which is text), each with a file after a colon if it is not to go to standard
     * output; or {@code false}.
     *
     * @throws IllegalArgumentException naming the text and what was expected
     */
    static AccessLogFlag parse(String text) {
        int colon = text.indexOf(':');
        String format = colon < 0 ? text : text.substring(0, colon);
        String file = colon < 0 ? AccessLogPolicy.STDOUT : text.substring(colon + 1);
        if (text.equals("false")) return new AccessLogFlag(Optional.empty());
        if (file.isEmpty() || !format.equals("true") && !format.equals("text") && !format.equals("json")) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: text, json or false, and after text: or json: a file)");
        }
        return new AccessLogFlag(Optional.of(new AccessLogPolicy(
            AccessLogPolicy.Format.parse(format.equals("true") ? "text" : format), path(file), Percent.ALL, true)));
    }

    /** The same words as in the file. */
    private static String path(String file) {
        return switch (file) {
            case "stdout" -> AccessLogPolicy.STDOUT;
            case "stderr" -> AccessLogPolicy.STDERR;
            default -> Path.of(file).toAbsolutePath().toString();
        };
    }
}
