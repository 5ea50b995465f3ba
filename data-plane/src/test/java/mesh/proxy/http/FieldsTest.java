package mesh.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FieldsTest {

    private static final FieldName VIA = FieldName.of("Via");

    private final Fields fields = new Fields();

    @Test
    void findsAFieldInAnyCase() {
        fields.add("hOsT", "example");
        assertThat(fields.get(FieldName.HOST)).isEqualTo("example");
        assertThat(fields.contains(FieldName.CONNECTION)).isFalse();
    }

    @Test
    void tellsNamesWithTheSameMarkApart() {
        fields.add("aab", "1");
        assertThat(FieldName.of("axb").mark()).isEqualTo(FieldName.of("aab").mark());
        assertThat(fields.contains(FieldName.of("axb"))).isFalse();
    }

    @Test
    void setReplacesEveryFieldOfThatNameAtThePlaceOfTheFirst() {
        fields.add("a", "1");
        fields.add(VIA, "x");
        fields.add("b", "2");
        fields.add(VIA, "y");
        fields.set(VIA, "z");
        assertThat(written()).isEqualTo("a: 1\r\nvia: z\r\nb: 2\r\n");
    }

    @Test
    void removeTakesEveryFieldOfThatName() {
        fields.add(VIA, "x");
        fields.add("a", "1");
        fields.add(VIA, "y");
        fields.remove(VIA);
        assertThat(written()).isEqualTo("a: 1\r\n");
        assertThat(fields.count()).isEqualTo(1);
        assertThat(fields.contains(VIA)).isFalse();
    }

    @Test
    void appendJoinsTheLastFieldOfThatName() {
        fields.append(VIA, "1");
        fields.add(VIA, "2");
        fields.append(VIA, "3");
        assertThat(written()).isEqualTo("via: 1\r\nvia: 2, 3\r\n");
    }

    @Test
    void findsATokenInAListOverSeveralFields() {
        fields.add(FieldName.CONNECTION, "close");
        fields.add(FieldName.CONNECTION, " ,, keep-alive\t, UpGrade");
        assertThat(fields.hasToken(FieldName.CONNECTION, "upgrade")).isTrue();
        assertThat(fields.hasToken(FieldName.CONNECTION, "keep")).isFalse();
    }

    @Test
    void aValueThatWouldSplitTheMessageIsRefused() {
        for (String value : new String[] {"a\r\nb: c", "a\nb", "a\0", "\u0141"}) {
            assertThatThrownBy(() -> fields.set(VIA, value)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("field value");
        }
        assertThatThrownBy(() -> fields.add("a b", "1")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("\"a b\"");
        fields.add(VIA, "after");
        assertThat(written()).isEqualTo("via: after\r\n");
    }

    @Test
    void keepsMoreFieldsAndBytesThanItBeganWith() {
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            fields.add("name-" + i, "value-" + i);
            expected.append("name-").append(i).append(": value-").append(i).append("\r\n");
        }
        assertThat(written()).isEqualTo(expected.toString());
        fields.clear();
        assertThat(written()).isEmpty();
        assertThat(fields.contains(FieldName.of("name-7"))).isFalse();
    }

    private String written() {
        ByteBuf out = Unpooled.buffer();
        fields.writeTo(out);
        return out.toString(StandardCharsets.ISO_8859_1);
    }
}
