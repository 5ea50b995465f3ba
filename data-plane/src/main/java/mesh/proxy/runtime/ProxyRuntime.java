package mesh.proxy.runtime;

/** Which tables are in force: the one reference that traffic reads and a configuration writes. Any thread. */
public final class ProxyRuntime {

    private volatile RuntimeTables current = RuntimeTables.EMPTY;

    public RuntimeTables current() {
        return current;
    }

    /** Makes them current for every request that begins from now on, all listeners at once. */
    public void publish(RuntimeTables tables) {
        current = tables;
    }
}
