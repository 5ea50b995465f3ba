package mesh.xds;

/**
 * A part of the configuration that a client accepts and does not do.
 *
 * @param type     of the resource
 * @param resource its name
 * @param field    within it, parts of lists by their name; in the words of {@code mesh.v1}
 * @param effect   what happens in its place
 */
public record Ignored(ResourceType type, String resource, String field, String effect) {}
