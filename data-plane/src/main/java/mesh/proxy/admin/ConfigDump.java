package mesh.proxy.admin;

import com.google.re2j.Pattern;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import mesh.model.MeshSnapshot;

/** {@code /config_dump}: what is configured, all of it or what is asked for. The model holds no key. */
final class ConfigDump {

    static final List<String> PARAMETERS = List.of("resource", "name_regex");

    private static final String[] RESOURCES = {"all", "listeners", "routeTables", "clusters", "endpoints", "trust"};

    private ConfigDump() {}

    static JsonObject of(MeshSnapshot snapshot, Query query) {
        String resource = query.choice("resource", RESOURCES);
        Pattern name = query.expression("name_regex");
        JsonObject all = (JsonObject) RecordJson.of(snapshot);
        JsonObject json = new JsonObject().put("version", all.getValue("version"));
        for (String each : RESOURCES) {
            if (!all.containsKey(each) || !resource.equals("all") && !resource.equals(each)) continue;
            // Whom it trusts has no name that could be asked for.
            if (name == null) json.put(each, all.getValue(each));
            else if (!each.equals("trust")) json.put(each, named(all.getJsonObject(each), name));
        }
        return json;
    }

    /** The whole name, as in Envoy. */
    private static JsonObject named(JsonObject all, Pattern name) {
        List<String> others = new ArrayList<>(all.fieldNames());
        others.removeIf(each -> name.matcher(each).matches());
        others.forEach(all::remove);
        return all;
    }
}
