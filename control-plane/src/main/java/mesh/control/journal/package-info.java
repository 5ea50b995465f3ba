/**
 * Files that survive a kill at any moment: an append-only log of checksummed records over a thin file layer, and the lock on the
 * directory. Imports only the JDK. Read {@link mesh.control.journal.Journal} first.
 */
package mesh.control.journal;
