package mesh.proxy.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.Listener;
import mesh.model.Scope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HandOverTest {

    private static final HandOver TABLE = HandOver.of(Stream.of(listener("exact", "10.0.0.8:80"), listener("six", "[fd00:0::8]:80"),
        listener("every", ":80"), listener("all-zero", "0.0.0.0:81"), listener("all-zero-v6", "[::]:82"), listener("not-an-address", "[1:2]:83")).toList());

    private static ListenerTable listener(String name, String address) {
        Listener model = new Listener(name, Address.parse(address), Scope.ALL, new Listener.TcpTraffic("c"), Optional.empty()).withArrival(Arrival.HANDED_OVER);
        return new ListenerTable(model, null, null);
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.8, 80, exact", "10.0.0.9, 80, every", "fd00::8, 80, six", "fd00::9, 80, every", "10.0.0.8, 81, all-zero", "fd00::8, 81, all-zero",
        "10.0.0.8, 82, all-zero-v6", "10.0.0.8, 83,"})
    void theVeryAddressComesBeforeItsPort(String host, int port, String listener) {
        ListenerTable found = TABLE.find(new InetSocketAddress(host, port));
        assertThat(found == null ? null : found.model().name()).isEqualTo(listener);
    }

    @ParameterizedTest
    @CsvSource({"DIRECT", "INTERCEPTED"})
    void whatHasASocketIsHandedNothing(Arrival arrival) {
        ListenerTable bound = new ListenerTable(listener("bound", ":80").model().withArrival(arrival), null, null);
        assertThat(HandOver.of(List.of(bound)).find(new InetSocketAddress("10.0.0.8", 80))).isNull();
    }
}
