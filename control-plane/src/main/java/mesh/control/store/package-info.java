/**
 * The one current configuration, its version and its edits, kept in a directory so that an acknowledged write is never lost.
 * Imports the model, {@code messages} and two interfaces of {@code stream}: {@code ConfigSource} and {@code NodeView}.
 * Read {@link mesh.control.store.MeshStore} first.
 */
package mesh.control.store;
