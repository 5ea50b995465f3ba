/**
 * Routes of the Gateway API whose parents are services (its mesh use, GAMMA), as route tables, and what becomes of each as its status. Imports the model and
 * fabric8's objects. Read {@link mesh.control.gateway.ServiceRoutes} first.
 */
package mesh.control.gateway;
