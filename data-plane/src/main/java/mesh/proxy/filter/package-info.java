/**
 * What is changed in the heads that pass: one class a concern, each a function of the head and of what its connection knows. Imports {@code
 * http}. Read {@link mesh.proxy.filter.HopHeaders} first.
 */
package mesh.proxy.filter;
