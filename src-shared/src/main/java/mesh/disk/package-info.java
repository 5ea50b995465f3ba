/** Files that are there whole or not at all, in directories for one process at a time. Imports nothing. */
package mesh.disk;
