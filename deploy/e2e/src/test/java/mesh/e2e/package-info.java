/** Both planes as the processes that users run, with real clients and real judges. Read {@link mesh.e2e.TestMesh} first. */
package mesh.e2e;
