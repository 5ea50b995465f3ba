/**
 * The door for people and tools: {@code mesh.v1.AdminService}. Imports {@code store}, {@code messages}, {@code ca} and
 * {@code stream}. Read {@link mesh.control.admin.AdminService} first.
 */
package mesh.control.admin;
