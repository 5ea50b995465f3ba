package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.time.Env;
import org.junit.jupiter.api.Test;

class RequestIdTest {

    private final RequestId ids = new RequestId(Env.system().random());

    @Test
    void eachRequestWithoutOneGetsItsOwn() {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            RequestHead head = RequestHead.of("GET", "/", "payments");
            ids.add(head);
            seen.add(head.get(FieldName.X_REQUEST_ID));
        }
        assertThat(seen).hasSize(100)
            .allMatch(id -> id.matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    }

    @Test
    void oneThatCameStays() {
        RequestHead head = RequestHead.of("GET", "/", "payments");
        head.add(FieldName.X_REQUEST_ID, "mine");
        ids.add(head);
        assertThat(head).hasToString("GET / HTTP/1.1\r\nhost: payments\r\nx-request-id: mine\r\n");
    }
}
