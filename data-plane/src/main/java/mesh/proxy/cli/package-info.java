/**
 * The command line of the data plane, and the process that {@code mesh proxy start} is: what feeds its sidecar, what shows it, how it ends.
 * May import everything of the data plane, picocli and Quarkus. Read {@link mesh.proxy.cli.StartCommand} first.
 */
package mesh.proxy.cli;
