package mesh.model;

/**
 * Which sidecars a listener is for.
 *
 * @param workload the path of the SPIFFE id without its leading slash, or how it begins, {@code ns/shop/*}; "" for every workload
 * @param node     one instance, by its node id; "" for every instance
 */
public record Scope(String workload, String node) {

    /** Every sidecar. */
    public static final Scope ALL = new Scope("", "");

    /** Whether the sidecar with this proven workload and claimed node id is meant. */
    public boolean includes(String itsWorkload, String itsNode) {
        return (workload.isEmpty() || workload.equals(itsWorkload) || isBelow(itsWorkload)) && (node.isEmpty() || node.equals(itsNode));
    }

    private boolean isBelow(String itsWorkload) {
        return workload.endsWith("/*") && itsWorkload.startsWith(workload.substring(0, workload.length() - 1));
    }
}
