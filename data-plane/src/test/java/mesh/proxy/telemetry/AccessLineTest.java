package mesh.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mesh.model.AccessLogField;
import mesh.model.AccessLogPolicy.Format;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.api.Test;

class AccessLineTest {

    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @Test
    void aLineOfTextIsInTheFieldsOrder() {
        assertThat(line(full(Format.TEXT, "/pay?a=1"))).isEqualTo("[2026-11-28T10:00:00.007Z] \"GET /pay?a=1 HTTP/2\" 503 DI,UC,URX all payments "
            + "10.0.0.7:9001 2 \"spiffe://mesh.local/web\" 10.0.0.1:4000 \"pay\" \"req-1\" 0af7651916cd43dd8448eb211c80319c "
            + "12.345 0.007 3 128 14 \"curl/8\"\n");
        assertThat(line(empty(Format.TEXT)))
            .isEqualTo("[1970-01-01T00:00:00.000Z] \"- - -\" 400 DPE - - - 0 \"-\" - \"-\" \"-\" - 0.000 - 0 0 - \"-\"\n");
    }

    @Test
    void aLineOfJsonIsAnObjectOfAllFields() {
        JsonObject json = new JsonObject(line(full(Format.JSON, "/pay?a=1")));
        assertThat(json.fieldNames()).containsExactlyElementsOf(
            Stream.of(AccessLogField.values()).map(AccessLogField::text).collect(Collectors.toList()));
        assertThat(json.getMap()).containsAllEntriesOf(Map.of("status", 503, "attempts", 2, "duration_ms", 12.345, "upstream_ms", 0.007,
            "grpc_status", 14, "flags", "DI,UC,URX", "trace_id", "0af7651916cd43dd8448eb211c80319c", "path", "/pay?a=1"));
        JsonObject bare = new JsonObject(line(empty(Format.JSON)));
        assertThat(bare.getValue("path")).isNull();
        assertThat(bare.getValue("grpc_status")).isNull();
    }

    @Test
    void noClientForgesALine() {
        String forged = "/\" 200\r\n{\"forged\":1}\\\u007f";
        assertThat(line(full(Format.TEXT, forged))).containsOnlyOnce("\n").contains("\"GET /\\\" 200\\x0d\\x0a{\\\"forged\\\":1}\\\\\\x7f HTTP/2\"");
        String json = line(full(Format.JSON, forged));
        assertThat(json).containsOnlyOnce("\n");
        assertThat(new JsonObject(json).getString("path")).isEqualTo(forged);
    }

    private static String line(AccessEntry entry) {
        StringBuilder line = new StringBuilder();
        AccessLine.append(line, entry);
        return line.toString();
    }

    static AccessEntry full(Format format, String path) {
        return new AccessEntry(format, 1795860000007L, "GET", path, "HTTP/2", 503, Failure.UPSTREAM_CLOSED, true, "URX", "all", "payments", "10.0.0.7:9001", 2,
            "spiffe://mesh.local/web", "10.0.0.1:4000", "pay", "req-1", TRACE, 12_345_678, 7_000, 3, 128, 14, "curl/8");
    }

    private static AccessEntry empty(Format format) {
        return new AccessEntry(format, 0, null, null, null, 400, Failure.BAD_REQUEST, false, null, null, null, null, 0, null, null, null, null, null, 0, -1, 0,
            0, -1, null);
    }
}
