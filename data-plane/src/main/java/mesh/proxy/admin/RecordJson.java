package mesh.proxy.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.RecordComponent;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.Durations;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;

/** The model as JSON, by its records' own names: what is added to the model is shown without being named here. It holds no key. */
final class RecordJson {

    private RecordJson() {}

    static Object of(Object value) {
        if (value instanceof Optional<?> optional) return optional.map(RecordJson::of).orElse(null);
        if (value instanceof Duration duration) return Durations.format(duration);
        if (value instanceof X509Certificate certificate) return certificate(certificate);
        if (value instanceof Address || value instanceof SpiffeId || value instanceof TrustDomain || value instanceof Enum) return value.toString();
        if (value instanceof Map<?, ?> map) return object(map);
        if (value instanceof Collection<?> collection) return array(collection);
        if (value instanceof Record record) return object(record);
        return value;
    }

    private static JsonObject certificate(X509Certificate certificate) {
        return new JsonObject()
            .put("subject", certificate.getSubjectX500Principal().getName())
            .put("serial", certificate.getSerialNumber().toString(16))
            .put("not_before", certificate.getNotBefore().toInstant().toString())
            .put("not_after", certificate.getNotAfter().toInstant().toString());
    }

    private static JsonObject object(Map<?, ?> map) {
        JsonObject json = new JsonObject();
        map.forEach((key, value) -> json.put(key.toString(), of(value)));
        return json;
    }

    private static JsonArray array(Collection<?> collection) {
        JsonArray json = new JsonArray();
        collection.forEach(each -> json.add(of(each)));
        return json;
    }

    private static JsonObject object(Record record) {
        JsonObject json = new JsonObject();
        // A choice of a sealed interface says which one it is.
        if (record.getClass().getInterfaces().length > 0 && record.getClass().getInterfaces()[0].isSealed()) {
            json.put("kind", record.getClass().getSimpleName());
        }
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            try {
                json.put(component.getName(), of(component.getAccessor().invoke(record)));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("record " + record.getClass().getName() + ": " + component.getName() + " cannot be read", e);
            }
        }
        return json;
    }
}
