package mesh.proxy.admin;

import com.google.re2j.Pattern;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * {@code /stats}: the metrics in the three formats that Envoy's has, all of them or those in whose name, with labels, an expression is
 * found.
 */
final class StatsPage {

    static final List<String> PARAMETERS = List.of("filter", "format");

    private StatsPage() {}

    /** @param metrics in Prometheus's text format */
    static AdminServer.Content of(String metrics, Query query) {
        Pattern filter = query.expression("filter");
        return switch (query.choice("format", "text", "json", "prometheus")) {
            case "json" -> {
                JsonArray stats = new JsonArray();
                forEach(metrics, filter, (name, value) -> stats.add(new JsonObject().put("name", name).put("value", number(value))));
                yield AdminServer.Content.json(new JsonObject().put("stats", stats));
            }
            case "prometheus" -> prometheus(metrics, filter);
            default -> {
                StringBuilder text = new StringBuilder();
                forEach(metrics, filter, (name, value) -> text.append(name).append(": ").append(value).append('\n'));
                yield AdminServer.Content.text(text.toString());
            }
        };
    }

    static AdminServer.Content prometheus(String metrics, Pattern filter) {
        if (filter == null) return new AdminServer.Content(AdminServer.METRICS_TYPE, metrics);
        StringBuilder text = new StringBuilder();
        List<String> about = new ArrayList<>();
        for (String line : metrics.split("\n")) {
            if (line.startsWith("#")) {
                // HELP, then TYPE, before the first of its series that is wanted.
                if (line.startsWith("# HELP")) about.clear();
                about.add(line);
            } else if (filter.matcher(name(line)).find()) {
                about.forEach(each -> text.append(each).append('\n'));
                about.clear();
                text.append(line).append('\n');
            }
        }
        return new AdminServer.Content(AdminServer.METRICS_TYPE, text.toString());
    }

    private static void forEach(String metrics, Pattern filter, BiConsumer<String, String> sink) {
        for (String line : metrics.split("\n")) {
            if (line.isEmpty() || line.startsWith("#")) continue;
            String name = name(line);
            if (filter == null || filter.matcher(name).find()) sink.accept(name, line.substring(line.lastIndexOf(' ') + 1).replaceFirst("\\.0$", ""));
        }
    }

    /** With labels, as they are asked for in Prometheus: the comma that the format leaves behind the last one is none of it. */
    private static String name(String line) {
        return line.substring(0, line.lastIndexOf(' ')).replaceFirst(",}$", "}");
    }

    /** JSON has no number for what is none. */
    private static Object number(String value) {
        double number = switch (value) {
            case "NaN" -> Double.NaN;
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(value);
        };
        if (!Double.isFinite(number)) return value;
        return number == (long) number ? (Object) (long) number : (Object) number;
    }
}
