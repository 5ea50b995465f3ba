package mesh.process;

/**
 * Ends this process when the one that started it is gone, however it went: {@code mesh up} leaves nothing behind even when it is killed.
 * Asked for with {@code -Dmesh.parent=PID}.
 */
public final class ParentWatch {

    private static final String PROPERTY = "mesh.parent";

    private ParentWatch() {}

    /** Begins to watch, if it was asked for. */
    public static void begin() {
        Long pid = Long.getLong(PROPERTY);
        if (pid == null) return;
        ProcessHandle.of(pid).ifPresentOrElse(
            parent -> parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1)),
            () -> Runtime.getRuntime().halt(1));
    }
}
