package mesh.config;

import java.nio.file.Path;

/**
 * Where a sidecar's certificates lie, all in PEM. A relative path starts at the directory of the configuration file.
 *
 * @param ca   the certificates that are trusted
 * @param cert the sidecar's own, leaf first
 * @param key  of the leaf
 */
public record IdentityFiles(Path ca, Path cert, Path key) {}
