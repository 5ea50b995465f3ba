package mesh.control.messages;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.vertx.core.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.v1.FieldChange;

/**
 * Field by field, what differs between two messages. Parts of lists are told apart by their {@code name} or {@code address}, so that a part
 * that was put in does not make all that follow it look different.
 */
public final class FieldChanges {

    private static final JsonFormat.Printer JSON = JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();
    private static final List<String> KEYS = List.of("name", "address");

    private final List<FieldChange> found = new ArrayList<>();

    private FieldChanges() {}

    /** In the order of the .proto file; what is gone comes after what is left. */
    public static List<FieldChange> between(Message before, Message after) {
        FieldChanges changes = new FieldChanges();
        changes.fields("", before, after);
        return changes.found;
    }

    private void fields(String path, Message before, Message after) {
        for (FieldDescriptor field : before.getDescriptorForType().getFields()) {
            String at = path + field.getName();
            if (field.isRepeated()) {
                list(at, field, before, after);
            } else {
                one(at, field, before, after);
            }
        }
    }

    private void one(String path, FieldDescriptor field, Message before, Message after) {
        boolean was = !field.hasPresence() || before.hasField(field);
        boolean is = !field.hasPresence() || after.hasField(field);
        Object then = before.getField(field);
        Object now = after.getField(field);
        if (was == is && (!was || then.equals(now))) {
            return;
        }
        if (was && is && isOurs(field)) {
            fields(path + ".", (Message) then, (Message) now);
        } else {
            add(path, was ? json(then) : "", is ? json(now) : "");
        }
    }

    /** A duration is a message too, but one that people read as a value. */
    private static boolean isOurs(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && field.getMessageType().getFile().getPackage().equals("mesh.v1");
    }

    private void list(String path, FieldDescriptor field, Message before, Message after) {
        List<?> then = (List<?>) before.getField(field);
        List<?> now = (List<?>) after.getField(field);
        if (then.equals(now)) {
            return;
        }
        Map<String, Message> partsThen = byKey(field, then);
        Map<String, Message> partsNow = byKey(field, now);
        if (partsThen == null || partsNow == null) {
            add(path, json(then), json(now));
            return;
        }
        partsNow.forEach((key, part) -> {
            Message earlier = partsThen.get(key);
            if (earlier == null) {
                add(path + "." + key, "", json(part));
            } else {
                fields(path + "." + key + ".", earlier, part);
            }
        });
        partsThen.forEach((key, part) -> {
            if (!partsNow.containsKey(key)) {
                add(path + "." + key, json(part), "");
            }
        });
        List<String> orderThen = common(partsThen.keySet(), partsNow.keySet());
        List<String> orderNow = common(partsNow.keySet(), partsThen.keySet());
        if (!orderThen.equals(orderNow)) {
            add(path + " (order)", json(orderThen), json(orderNow));
        }
    }

    /** Null when the parts have no key, or not each one of its own. */
    private static Map<String, Message> byKey(FieldDescriptor field, List<?> parts) {
        if (!isOurs(field)) {
            return null;
        }
        FieldDescriptor key = KEYS.stream().map(field.getMessageType()::findFieldByName).filter(Objects::nonNull)
            .filter(candidate -> candidate.getJavaType() == FieldDescriptor.JavaType.STRING).findFirst().orElse(null);
        if (key == null) {
            return null;
        }
        Map<String, Message> byKey = new LinkedHashMap<>();
        parts.forEach(part -> byKey.put((String) ((Message) part).getField(key), (Message) part));
        return byKey.size() == parts.size() ? byKey : null;
    }

    private static List<String> common(Set<String> of, Set<String> others) {
        Set<String> common = new LinkedHashSet<>(of);
        common.retainAll(others);
        return List.copyOf(common);
    }

    private void add(String path, String before, String after) {
        found.add(FieldChange.newBuilder().setPath(path).setBefore(before).setAfter(after).build());
    }

    private static String json(Object value) {
        if (value instanceof Message message) {
            try {
                return JSON.print(message);
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("a message without Any always prints", e);
            }
        }
        if (value instanceof List<?> list) {
            return list.stream().map(FieldChanges::json).collect(Collectors.joining(",", "[", "]"));
        }
        return Json.encode(value instanceof EnumValueDescriptor constant ? constant.getName() : value);
    }
}
