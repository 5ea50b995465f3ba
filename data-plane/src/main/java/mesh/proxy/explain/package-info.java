/**
 * Tells people what would become of a request, and why: the same tables, searches and rules that requests go through, looked at. May import
 * everything that a request passes. Read {@link mesh.proxy.explain.Explainer} first.
 */
package mesh.proxy.explain;
