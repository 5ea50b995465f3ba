package mesh.proxy.balancer;

import mesh.model.BalancerKind;

class MaglevTest extends ByKeyContract {

    @Override
    BalancerKind kind() {
        return BalancerKind.MAGLEV;
    }

    /** Places differ by one at most; the rest is the chance of 50,000 keys: with 50 endpoints three deviations are 10 %. */
    @Override
    double unevenness() {
        return 0.12;
    }

    /** The paper's figure 12 has about 2 % for 65,537 places and 1000 endpoints when a few of them go. */
    @Override
    double disturbance() {
        return 0.03;
    }
}
