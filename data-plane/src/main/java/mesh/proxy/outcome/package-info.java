/**
 * Every way in which an attempt or a request can end badly. Imports nothing of ours. Read {@link mesh.proxy.outcome.Failure} first.
 */
package mesh.proxy.outcome;
