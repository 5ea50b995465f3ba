/**
 * What both planes mean by the same word: immutable records that check themselves. Imports {@code mesh.time} at most.
 * Read {@link mesh.model.MeshSnapshot} first.
 */
package mesh.model;
