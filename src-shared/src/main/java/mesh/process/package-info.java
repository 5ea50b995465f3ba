/** What both programs do as processes. Imports only the JDK. Read {@link mesh.process.ParentWatch} first. */
package mesh.process;
