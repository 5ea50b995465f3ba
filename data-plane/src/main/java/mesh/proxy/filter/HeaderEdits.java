package mesh.proxy.filter;

import java.util.ArrayList;
import java.util.List;
import mesh.model.HeaderChange;
import mesh.model.HeaderChanges;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;

/** Changes of fields, ready to be made one after the other. Immutable. */
public final class HeaderEdits {

    /** @param value null where the field goes */
    private record Edit(FieldName name, String value, HeaderChange.Action action) {

        void apply(Fields head) {
            if (value == null) {
                head.remove(name);
                return;
            }
            switch (action) {
                case APPEND -> head.add(name, value);
                case SET -> head.set(name, value);
                case ADD_IF_ABSENT -> {
                    if (!head.contains(name)) head.add(name, value);
                }
                case SET_IF_PRESENT -> {
                    if (head.contains(name)) head.set(name, value);
                }
            }
        }
    }

    private final Edit[] edits;

    private HeaderEdits(List<Edit> edits) {
        this.edits = edits.toArray(Edit[]::new);
    }

    /** All that the first say, then all that the second say, as Envoy does with a route and its virtual host; null for nothing. */
    public static HeaderEdits of(HeaderChanges first, HeaderChanges second) {
        List<Edit> edits = new ArrayList<>();
        for (HeaderChanges each : List.of(first, second)) {
            each.remove().forEach(name -> edits.add(new Edit(FieldName.of(name), null, null)));
            each.add().forEach(add -> edits.add(new Edit(FieldName.of(add.name()), add.value(), add.action())));
        }
        return edits.isEmpty() ? null : new HeaderEdits(edits);
    }

    public void apply(Fields head) {
        for (Edit edit : edits) edit.apply(head);
    }
}
