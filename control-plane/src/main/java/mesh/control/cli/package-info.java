/**
 * The commands of the control plane and of its operators. Imports everything of the control plane; nothing imports it but
 * {@code Main}. Read {@link mesh.control.cli.MeshCommand} first.
 */
package mesh.control.cli;
