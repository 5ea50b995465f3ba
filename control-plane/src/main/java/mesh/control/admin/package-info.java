/**
 * The door for people and tools: {@code mesh.v1.AdminService}. Imports {@code store}, {@code messages}, {@code ca},
 * {@code stream} and {@code ports.Peer}. Read {@link mesh.control.admin.AdminService} first.
 */
package mesh.control.admin;
