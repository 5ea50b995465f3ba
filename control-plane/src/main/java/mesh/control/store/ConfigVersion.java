package mesh.control.store;

import java.time.Instant;

/**
 * Who wrote a version of the configuration, when and what for.
 *
 * @param contentHash SHA-256, in hex, of the configuration alone: equal for equal content
 */
public record ConfigVersion(long version, Instant at, String author, String message, String contentHash) {}
