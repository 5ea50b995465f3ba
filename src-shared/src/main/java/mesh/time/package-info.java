/** Time and chance as parameters. Imports only the JDK. Read {@link mesh.time.Env} first. */
package mesh.time;
