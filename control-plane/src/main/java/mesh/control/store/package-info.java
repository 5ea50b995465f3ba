/**
 * The one current configuration, its version and its edits, kept in a directory so that an acknowledged write is never lost.
 * Imports the model, {@code messages} and the interface {@code stream.ConfigSource}. Read {@link mesh.control.store.MeshStore} first.
 */
package mesh.control.store;
