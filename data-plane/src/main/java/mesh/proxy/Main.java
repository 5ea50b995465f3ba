package mesh.proxy;

import io.quarkus.runtime.annotations.QuarkusMain;

/** Dispatches the data plane's commands. */
@QuarkusMain
public final class Main {
    public static void main(String... args) {
        System.out.println("data plane");
    }
}
