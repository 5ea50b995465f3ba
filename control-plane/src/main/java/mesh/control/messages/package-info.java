/**
 * {@code mesh.v1} messages to the model and back, with every problem found on the way: the form of the admin API and of the store.
 * Imports the model and the generated messages. Read {@link mesh.control.messages.ConfigMessages} first.
 */
package mesh.control.messages;
