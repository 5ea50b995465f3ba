/**
 * Logs of records, which are all the state there is, and the kind that lies in files: append-only, checksummed, over a thin file layer,
 * surviving a kill at any moment. Imports only the JDK. Read {@link mesh.control.journal.RecordLog} first, then {@code Journal}.
 */
package mesh.control.journal;
