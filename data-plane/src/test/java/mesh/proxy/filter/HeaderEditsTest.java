package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.model.HeaderChange;
import mesh.model.HeaderChange.Action;
import mesh.model.HeaderChanges;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.ResponseHead;
import org.junit.jupiter.api.Test;

class HeaderEditsTest {

    private final ResponseHead head = ResponseHead.of(200);

    @Test
    void whatIsThereDecidesWhatEachActionDoes() {
        head.add(FieldName.of("a"), "old");
        head.add(FieldName.of("a"), "older");
        apply(new HeaderChanges(List.of(), List.of(
            new HeaderChange("a", "set", Action.SET), new HeaderChange("a", "appended", Action.APPEND),
            new HeaderChange("a", "absent", Action.ADD_IF_ABSENT), new HeaderChange("b", "absent", Action.ADD_IF_ABSENT),
            new HeaderChange("c", "present", Action.SET_IF_PRESENT), new HeaderChange("b", "present", Action.SET_IF_PRESENT),
            new HeaderChange("d", "set", Action.SET))), HeaderChanges.NONE);
        assertThat(head).hasToString("HTTP/1.1 200 OK\r\na: set\r\na: appended\r\nb: present\r\nd: set\r\n");
    }

    @Test
    void whatGoesGoesBeforeAnythingComesAndTheRouteBeforeItsHost() {
        head.add(FieldName.of("X"), "old");
        apply(new HeaderChanges(List.of("x"), List.of(new HeaderChange("x", "route", Action.APPEND), new HeaderChange("y", "route", Action.APPEND))),
            new HeaderChanges(List.of("Y"), List.of(new HeaderChange("x", "host", Action.APPEND), new HeaderChange("y", "host", Action.ADD_IF_ABSENT))));
        assertThat(head).hasToString("HTTP/1.1 200 OK\r\nx: route\r\nx: host\r\ny: host\r\n");
    }

    @Test
    void thereAreNoneOfNoChanges() {
        assertThat(HeaderEdits.of(HeaderChanges.NONE, HeaderChanges.NONE)).isNull();
    }

    private void apply(HeaderChanges first, HeaderChanges second) {
        HeaderEdits.of(first, second).apply(head);
    }
}
