package mesh.proxy.intercept;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.0.0.0/8", "10.1.2.3/8, 10.0.0.0/8", "10.1.2.3/31, 10.1.2.2/31", "10.1.2.3, 10.1.2.3/32", "0.0.0.0/0, 0.0.0.0/0",
        "FD00:0:0::1/8, fd00::/8", "::1, ::1/128", "2001:db8:0:0:1::ffff/100, 2001:db8:0:0:1::/100", "::/0, ::/0"})
    void isAsTheFilterPrintsIt(String written, String printed) {
        assertThat(Cidr.parse(written).text()).isEqualTo(printed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "[::1]", "::1%lo", "example.org", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 -j ACCEPT"})
    void otherWordsAreRefused(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("\"" + text + "\" (expected: a block of addresses such as 10.0.0.0/8 or fd00::/8)");
    }
}
