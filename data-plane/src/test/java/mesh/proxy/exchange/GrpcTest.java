package mesh.proxy.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrpcTest {

    private static final long NONE = Long.MAX_VALUE / 2;

    @ParameterizedTest
    @CsvSource({
        "1H, 3600000000000", "1M, 60000000000", "1S, 1000000000", "1m, 1000000", "1u, 1000", "1n, 1", "0n, 0", "99999999S, 99999999000000000",
    })
    void readsADeadline(String text, long nanos) {
        assertThat(timeout(text)).isEqualTo(nanos);
    }

    /** Eight digits of hours are longer than anybody will wait. */
    @Test
    void takesWhatIsTooLongForNoLimit() {
        assertThat(timeout("99999999H")).isEqualTo(NONE);
    }

    @ParameterizedTest
    @CsvSource({"''", "S", "1", "1s", "1x", "-1S", "+1S", "1.5S", "123456789S", "1 S"})
    void takesWhatIsNoDeadlineForNone(String text) {
        assertThat(timeout(text)).isEqualTo(NONE);
    }

    @Test
    void writesNoMoreTimeThanThereIsAndLosesNoMoreThanOnePartInAHundredThousand() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            long nanos = random.nextLong(NONE) >> random.nextInt(62);
            String text = Grpc.timeout(nanos);
            long read = timeout(text);
            assertThat(text).matches("[0-9]{1,8}[HMSmun]");
            assertThat(read).as(text).isLessThanOrEqualTo(nanos).isGreaterThanOrEqualTo(nanos - nanos / 100_000);
        }
    }

    @Test
    void givesNoTimeWhereThereIsNoneLeft() {
        assertThat(Grpc.timeout(-5)).isEqualTo("0n");
    }

    @ParameterizedTest
    @CsvSource({
        "application/grpc, true", "application/grpc+proto, true", "application/grpc;charset=utf-8, true", "application/grpc-web, false",
        "application/grpcx, false", "application/json, false", "application/grp, false",
    })
    void tellsGrpcByItsContentType(String type, boolean is) {
        RequestHead head = RequestHead.of("POST", "/", "h");
        head.add(FieldName.CONTENT_TYPE, type);
        assertThat(Grpc.isGrpc(head)).isEqualTo(is);
    }

    private static long timeout(String text) {
        RequestHead head = RequestHead.of("POST", "/", "h");
        head.add(Grpc.TIMEOUT, text);
        return Grpc.timeoutNanos(head, NONE);
    }
}
