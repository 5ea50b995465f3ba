/**
 * Between whom a client's connection is, and how one proxy tells another: the PROXY protocol, versions 1 and 2. Imports the model only. Read
 * {@link mesh.proxy.ends.Ends} first.
 */
package mesh.proxy.ends;
