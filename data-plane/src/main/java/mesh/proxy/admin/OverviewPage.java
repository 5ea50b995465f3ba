package mesh.proxy.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** The page for people: who this sidecar is, where it listens, where it sends and how that is going. Needs nothing but this one answer. */
final class OverviewPage {

    private static final String STYLE = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222;background:#fff}
        table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}
        th{font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:#b00020;font-weight:600}code{font-size:.95em}
        @media(prefers-color-scheme:dark){body{color:#ddd;background:#16181c}th,td{border-color:#333}a{color:#8ab4f8}.bad{color:#ff6b6b}}
        """;

    private OverviewPage() {}

    static String of(Pages pages, List<String> links) {
        StringBuilder html = new StringBuilder("<!doctype html><html lang=en><meta charset=utf-8>")
            .append("<meta name=viewport content='width=device-width'><meta http-equiv=refresh content=5><title>sidecar</title><style>")
            .append(STYLE).append("</style><h1>Sidecar</h1><table>");
        pages.serverInfo().forEach(each -> html.append(row(each.getKey(), text(each.getValue()))));
        JsonObject svid = pages.certs().getJsonObject("svid");
        html.append(row("identity", svid == null ? "none" : text(svid.getString("id") + ", expires in " + svid.getString("expires_in"))));
        html.append("</table><h2>Listeners</h2><table><tr><th>name<th>address<th>traffic<th>mTLS");
        for (Map.Entry<String, Object> each : pages.listeners()) {
            JsonObject listener = (JsonObject) each.getValue();
            html.append("<tr><td>").append(text(each.getKey())).append("<td><code>").append(text(listener.getString("address")))
                .append("</code><td>").append(listener.getString("traffic")).append("<td>").append(listener.getBoolean("mtls") ? "yes" : "no");
        }
        html.append("</table><h2>Clusters</h2><table><tr><th>cluster<th>endpoint<th>weight<th>in flight<th>circuit<th>health");
        for (Map.Entry<String, Object> each : pages.clusters()) cluster(html, each.getKey(), ((JsonObject) each.getValue()).getJsonArray("endpoints"));
        html.append("</table><p>");
        links.forEach(link -> html.append("<a href='").append(link).append("'>").append(link.substring(1)).append("</a> "));
        return html.append("</html>\n").toString();
    }

    private static void cluster(StringBuilder html, String name, JsonArray endpoints) {
        if (endpoints.isEmpty()) html.append("<tr><td>").append(text(name)).append("<td class=bad colspan=5>no endpoints");
        for (int i = 0; i < endpoints.size(); i++) {
            JsonObject endpoint = endpoints.getJsonObject(i);
            String circuit = endpoint.getString("circuit");
            html.append("<tr><td>").append(i == 0 ? text(name) : "").append("<td><code>").append(text(endpoint.getString("address")))
                .append("</code><td class=n>").append(endpoint.getInteger("weight")).append("<td class=n>").append(endpoint.getInteger("in_flight"))
                .append(circuit.equals("open") ? "<td class=bad>" : "<td>").append(circuit).append(health(endpoint));
        }
    }

    /** What speaks against it, its last check too; nothing where nobody asks. */
    private static String health(JsonObject endpoint) {
        JsonObject check = endpoint.getJsonObject("health_check");
        String known = endpoint.getString("configured_health", Boolean.TRUE.equals(endpoint.getBoolean("ejected")) ? "ejected" : null);
        if (known != null) return "<td class=bad>" + known;
        if (check == null) return "<td>";
        boolean well = check.getString("state").equals("healthy");
        return (well ? "<td>" : "<td class=bad>") + check.getString("state") + (well ? "" : ": " + text(check.getString("last")));
    }

    private static String row(String name, String value) {
        return "<tr><th>" + text(name) + "<td>" + value;
    }

    private static String text(Object value) {
        return String.valueOf(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;").replace("'", "&#39;");
    }
}
