package mesh.proxy.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import mesh.model.Problem;
import mesh.proxy.Sidecar;
import mesh.time.Env;

/** Where a sidecar's configuration and its certificates come from, for as long as it runs. */
interface Feed extends AutoCloseable {

    static Feed of(StartOptions options, Sidecar sidecar, Env env) {
        options.accessLog().ifPresent(flag -> sidecar.accessLogs().everywhere(flag.log()));
        if (options.origin() instanceof StartOptions.ConfigFile named) {
            return new FileFeed(named.file(), options.locality(), options.memory(), sidecar, env.clock());
        }
        return new ControlPlaneFeed((StartOptions.ControlPlane) options.origin(), options.locality(), options.hold().limit(), sidecar, env);
    }

    /**
     * Does what can be done before anything else is started, so that a start that cannot succeed ends at once.
     *
     * @return what is wrong, as the user is to read it; empty to go on
     */
    List<Problem> open();

    /** Begins to follow changes. Needs the container. */
    void follow();

    /** Whether the sidecar has had a configuration, and so may be sent traffic. */
    boolean ready();

    /** Asks for a new certificate now, with a new key. @return whether there is anybody to ask */
    default boolean renewCertificate() {
        return false;
    }

    /**
     * Tells that this sidecar leaves.
     *
     * @param wait at most, until those who call it know
     * @return done then, or when there is nobody to tell; never fails
     */
    default CompletionStage<Void> leave(Duration wait) {
        return CompletableFuture.completedFuture(null);
    }

    /** Where the sidecar is to show itself, as far as the configuration says. Once open. */
    default StartOptions.Listens listens() {
        return StartOptions.Listens.UNSAID;
    }

    @Override
    void close();
}
