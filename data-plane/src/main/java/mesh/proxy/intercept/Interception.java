package mesh.proxy.intercept;

import java.util.List;

/**
 * Which TCP connections go through the sidecar.
 *
 * @param outboundPort       where the sidecar takes what the workload opens
 * @param inboundPort        where it takes what others open to the workload
 * @param proxyUids          the sidecar's own users, whose connections are left alone
 * @param proxyGids          and groups
 * @param outboundPorts      by the port that is called. Beside included blocks of addresses, either is enough
 * @param outboundCidrs      by the address that is called
 * @param uids               by the user that calls
 * @param excludedGids       by the group that calls
 * @param inboundPorts       by the port that is called
 * @param interfaces         by where packets come in or go out
 * @param outboundInterfaces what comes in by these is opened by a workload behind them, such as a virtual machine, and goes out
 */
public record Interception(
    int outboundPort, int inboundPort, List<NumberRange> proxyUids, List<NumberRange> proxyGids, Selection<NumberRange> outboundPorts,
    Selection<Cidr> outboundCidrs, Selection<NumberRange> uids, List<NumberRange> excludedGids, Selection<NumberRange> inboundPorts,
    Selection<String> interfaces, List<String> outboundInterfaces) {

    /** The kernel's limit, IFNAMSIZ, less the 0 at its end; a {@code +} at the end stands for any more letters. */
    public static String checkedInterface(String name) {
        if (!name.matches("[A-Za-z0-9_.@:-]{1,15}|[A-Za-z0-9_.@:-]{1,14}\\+") || name.startsWith("-")) {
            throw new IllegalArgumentException("\"" + name + "\" (expected: an interface, such as eth0 or eth+)");
        }
        return name;
    }
}
