package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;

class ForwardedHeadersTest {

    private static final String CERTIFICATE = "By=spiffe://mesh.local/payments;Hash=00;URI=spiffe://mesh.local/web";

    private final RequestHead head = RequestHead.of("GET", "/", "payments");

    @Test
    void tellsOfAClientThatHasProvedNothing() {
        head.add(FieldName.X_FORWARDED_CLIENT_CERT, "URI=spiffe://mesh.local/admin");
        new ForwardedHeaders("10.0.0.1", null).add(head);

        assertThat(head.get(FieldName.X_FORWARDED_FOR)).isEqualTo("10.0.0.1");
        assertThat(head.get(FieldName.X_FORWARDED_PROTO)).isEqualTo("http");
        assertThat(head.contains(FieldName.X_FORWARDED_CLIENT_CERT)).isFalse();
    }

    @Test
    void tellsOnlyTheIdentityThatWasProved() {
        head.add(FieldName.X_FORWARDED_CLIENT_CERT, "URI=spiffe://mesh.local/admin");
        head.add(FieldName.X_FORWARDED_CLIENT_CERT, "URI=spiffe://mesh.local/root");
        new ForwardedHeaders("10.0.0.1", CERTIFICATE).add(head);

        assertThat(head.toString()).doesNotContain("admin").doesNotContain("root");
        assertThat(head.get(FieldName.X_FORWARDED_CLIENT_CERT)).isEqualTo(CERTIFICATE);
        assertThat(head.get(FieldName.X_FORWARDED_PROTO)).isEqualTo("https");
    }

    @Test
    void standsBehindTheHopsBefore() {
        head.add(FieldName.X_FORWARDED_FOR, "192.0.2.1, 192.0.2.2");
        head.add(FieldName.X_FORWARDED_PROTO, "https");
        new ForwardedHeaders("10.0.0.1", null).add(head);

        assertThat(head.get(FieldName.X_FORWARDED_FOR)).isEqualTo("192.0.2.1, 192.0.2.2, 10.0.0.1");
        assertThat(head.get(FieldName.X_FORWARDED_PROTO)).isEqualTo("https");
    }
}
