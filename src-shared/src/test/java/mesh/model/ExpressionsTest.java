package mesh.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionsTest {

    @ParameterizedTest
    @ValueSource(strings = {
        "((a{1000}){1000}){1000}", "(a{100,}){101}", "([]a]{1000}){11}", "(\\){1000}){11}", "((?:a{0,100}){100}){2}", "(a{1000}|b){20}"})
    void whatCountsTooFarIsNotCompiled(String regex) {
        assertThatThrownBy(() -> Expressions.check("regex", regex)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("counts too far");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}", "a{1000}", "(a{100}){100}", "[{1000}(){1000}]", "\\{1000\\}", "a{",
        "^/([^/]+)/(.*)$"})
    void whatPeopleWriteIs(String regex) {
        assertThat(Expressions.check("regex", regex).pattern()).isEqualTo(regex);
    }

    /** Whatever is let through is small when it is compiled, and nothing that is odd breaks the counting. */
    @Test
    void whatIsLetThroughIsSmall() {
        Random random = new Random(1);
        String[] parts = {"a", "(", ")", "[", "]", "{2}", "{20}", "{300}", "{1,}", "\\", "|", "*", "^", "?", "."};
        int compiled = 0;
        for (int i = 0; i < 50_000; i++) {
            StringBuilder regex = new StringBuilder();
            for (int n = 1 + random.nextInt(9); n > 0; n--) regex.append(parts[random.nextInt(parts.length)]);
            try {
                assertThat(Expressions.check("regex", regex.toString()).programSize()).as(regex.toString()).isLessThan(50_000);
                compiled++;
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageStartingWith("regex: ");
            }
        }
        assertThat(compiled).isGreaterThan(1_000);
    }
}
