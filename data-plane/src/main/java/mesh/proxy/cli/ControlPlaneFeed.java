package mesh.proxy.cli;

import java.util.List;
import mesh.model.Problem;
import mesh.proxy.Sidecar;
import mesh.time.Env;

/** A control plane: certificates first, then the subscription over them. */
final class ControlPlaneFeed implements Feed {

    ControlPlaneFeed(StartOptions.ControlPlane asked, Sidecar sidecar, Env env) {
    }

    @Override
    public List<Problem> open() {
        return List.of();
    }

    @Override
    public void follow() {
    }

    @Override
    public boolean ready() {
        return false;
    }

    @Override
    public void close() {
    }
}
