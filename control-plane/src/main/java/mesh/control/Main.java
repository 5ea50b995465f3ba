package mesh.control;

import io.quarkus.runtime.annotations.QuarkusMain;

/** Dispatches the control plane's commands. */
@QuarkusMain
public final class Main {
    public static void main(String... args) {
        System.out.println("control plane");
    }
}
