package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HopHeadersTest {

    /** Fields as {@code name=value;…}, and which names are left. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        accept=*/*                                          | host accept
        connection=close;accept=*/*                         | host accept
        connection=x-a, X-B;x-a=1;x-b=2;x-c=3               | host x-c
        connection=x-a;x-a=1;connection=x-b;x-b=2;x-a=3     | host
        keep-alive=timeout=5;proxy-connection=keep-alive    | host
        proxy-authorization=secret;proxy-authenticate=Basic | host
        te=trailers                                         | host te
        te=gzip, trailers                                    | host te
        te=gzip                                             | host
        connection=te;te=trailers                           | host te
        te=trailers;accept=*/*                              | host te accept
        te=trailers;te=gzip;accept=*/*                      | host accept te
        connection=keep-alive;keep-alive=300;close=1        | host close
        connection=upgrade;upgrade=websocket                | host upgrade
        upgrade=websocket                                   | host
        connection=upgrade, x-a;upgrade=websocket;x-a=1     | host upgrade
        connection=host;accept=*/*                          | host accept
        connection=content-length;content-length=3          | host content-length
        connection=,, not a token,"x";accept=*/*            | host accept
        """)
    void goNoFurtherThanOneHop(String fields, String left) {
        RequestHead head = RequestHead.of("GET", "/", "payments");
        for (String field : fields.strip().split(";")) {
            int at = field.indexOf('=');
            head.add(FieldName.of(field.substring(0, at)), field.substring(at + 1));
        }

        HopHeaders.strip(head);

        StringBuilder names = new StringBuilder();
        for (int i = 0; i < head.count(); i++) names.append(i == 0 ? "" : " ").append(head.name(i));
        assertThat(names.toString()).isEqualTo(left);
    }

    @Test
    void anUpgradeIsStillOneAfterwards() {
        RequestHead head = RequestHead.of("GET", "/chat", "payments");
        head.add(FieldName.CONNECTION, "Upgrade");
        head.add(FieldName.UPGRADE, "websocket");
        assertThat(head.resolveTarget()).isTrue();

        HopHeaders.strip(head);

        assertThat(head.isUpgrade()).isTrue();
        assertThat(head.contains(FieldName.CONNECTION)).isFalse();
    }

    @Test
    void onlyASwitchNamesItsProtocolInAnAnswer() {
        for (int status : new int[] {101, 200, 426}) {
            ResponseHead head = ResponseHead.of(status);
            head.add(FieldName.CONNECTION, "upgrade");
            head.add(FieldName.UPGRADE, "websocket");
            HopHeaders.strip(head);
            assertThat(head.contains(FieldName.UPGRADE)).as("%d", status).isEqualTo(status == 101);
        }
    }
}
