package mesh.proxy.cli;

import java.util.Locale;
import java.util.logging.Logger;
import org.jboss.logmanager.Level;

/** How much is logged. */
enum LogLevel {
    ERROR(Level.ERROR),
    WARN(Level.WARN),
    INFO(Level.INFO),
    DEBUG(Level.DEBUG),
    TRACE(Level.TRACE);

    private final Level level;

    LogLevel(Level level) {
        this.level = level;
    }

    /** @throws IllegalArgumentException naming the text and what was expected */
    static LogLevel parse(String text) {
        for (LogLevel each : values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(text)) {
                return each;
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" (expected: error, warn, info, debug or trace)");
    }

    /** For the container that is about to start. */
    void beforeStart() {
        System.setProperty("quarkus.log.level", name());
    }

    /** From now on. */
    void apply() {
        Logger.getLogger("").setLevel(level);
    }
}
