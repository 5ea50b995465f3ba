package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;

class HostRewriteTest {

    private final RequestHead head = RequestHead.of("GET", "/", "shop.example:8080");

    @Test
    void theHostThatWasAskedForGoesAlong() {
        HostRewrite.apply(head, "inner");
        assertThat(head).hasToString("GET / HTTP/1.1\r\nhost: inner\r\nx-forwarded-host: shop.example:8080\r\n");
    }

    @Test
    void whatAHopBeforeHasSaidStays() {
        head.add(FieldName.X_FORWARDED_HOST, "first.example");
        HostRewrite.apply(head, "inner");
        assertThat(head).hasToString("GET / HTTP/1.1\r\nhost: inner\r\nx-forwarded-host: first.example\r\n");
    }

    @Test
    void nothingIsChangedWithoutARewrite() {
        HostRewrite.apply(head, null);
        assertThat(head).hasToString("GET / HTTP/1.1\r\nhost: shop.example:8080\r\n");
    }
}
