/**
 * The YAML file of one sidecar, read into the model or refused with every problem in it at once. Imports {@code mesh.model} and
 * SnakeYAML, which stays in here. Read {@link mesh.config.ConfigReader} first.
 */
package mesh.config;
