package mesh.proxy.route;

import mesh.proxy.http.RequestHead;

/** One thing that a route asks of a request. Asked of each request that its route may take; told of by {@link RouteTrace}. Immutable. */
interface Condition {

    boolean holds(RequestHead head);

    /** What of the request is looked at, such as {@code header x-canary}. */
    String subject();

    /** What it must be, in the words of the configuration, such as {@code exact "true"}. */
    String expected();

    /** What it is in this request, quoted; {@code absent} where it is not there. */
    String found(RequestHead head);
}
