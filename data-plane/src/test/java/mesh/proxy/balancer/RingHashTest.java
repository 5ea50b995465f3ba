package mesh.proxy.balancer;

import mesh.model.BalancerKind;

class RingHashTest extends ByKeyContract {

    @Override
    BalancerKind kind() {
        return BalancerKind.RING_HASH;
    }

    /** 1024 points each: the arcs of one differ from the mean by 1/√1024, four of which are 13 %, and chance of the keys adds to that. */
    @Override
    double unevenness() {
        return 0.2;
    }

    /** Points stay where they are. */
    @Override
    double disturbance() {
        return 0;
    }
}
