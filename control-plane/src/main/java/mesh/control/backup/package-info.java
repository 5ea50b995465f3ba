/**
 * What is in every log, taken out as one stream and put back into an empty store. Imports {@code journal}.
 * Read {@link mesh.control.backup.Backup} first.
 */
package mesh.control.backup;
