package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.HeaderChange;
import mesh.model.HeaderChanges;

/**
 * Changes of fields as Envoy's {@code HeaderValueOption}. Values are plain text here and formats there: a percent sign is doubled, and a format
 * that asks for anything is refused, since its text would be taken for the value.
 */
final class HeaderOptions {

    private static final Pattern FORMATTER = Pattern.compile("%%|%([A-Z0-9_.]+[^%]*%)?");

    private HeaderOptions() {}

    static List<HeaderValueOption> encode(HeaderChanges changes) {
        return changes.add().stream().map(each -> HeaderValueOption.newBuilder()
            .setHeader(HeaderValue.newBuilder().setKey(each.name()).setValue(each.value().replace("%", "%%")))
            .setAppendAction(action(each.action())).build()).toList();
    }

    private static HeaderAppendAction action(HeaderChange.Action action) {
        return switch (action) {
            case APPEND -> HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD;
            case ADD_IF_ABSENT -> HeaderAppendAction.ADD_IF_ABSENT;
            case SET -> HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD;
            case SET_IF_PRESENT -> HeaderAppendAction.OVERWRITE_IF_EXISTS;
        };
    }

    /** @param which {@code request} or {@code response}, for the names of the two fields */
    static HeaderChanges decode(List<String> remove, List<HeaderValueOption> add, String which, Reading reading) {
        List<HeaderChange> changes = new ArrayList<>();
        for (int i = 0; i < add.size(); i++) {
            HeaderChange change = decode(add.get(i), reading.at(which + "_headers_to_add", i));
            if (change != null) changes.add(change);
        }
        HeaderChanges all = reading.at(which + "_headers_to_remove").check(() -> new HeaderChanges(remove, changes));
        return all == null ? HeaderChanges.NONE : all;
    }

    private static HeaderChange decode(HeaderValueOption message, Reading reading) {
        reading.only(message, Set.of("header", "append", "append_action"));
        reading.at("header").only(message.getHeader(), Set.of("key", "value"));
        HeaderChange.Action action = action(message, reading);
        String value = plain(message.getHeader().getValue(), reading.at("header").at("value"));
        return value == null || action == null ? null : reading.check(() -> new HeaderChange(message.getHeader().getKey(), value, action));
    }

    /** {@code append} is what there was before there were four; where it is set, Envoy obeys it. */
    private static HeaderChange.Action action(HeaderValueOption message, Reading reading) {
        if (message.hasAppend()) return message.getAppend().getValue() ? HeaderChange.Action.APPEND : HeaderChange.Action.SET;
        return switch (message.getAppendAction()) {
            case APPEND_IF_EXISTS_OR_ADD -> HeaderChange.Action.APPEND;
            case ADD_IF_ABSENT -> HeaderChange.Action.ADD_IF_ABSENT;
            case OVERWRITE_IF_EXISTS_OR_ADD -> HeaderChange.Action.SET;
            case OVERWRITE_IF_EXISTS -> HeaderChange.Action.SET_IF_PRESENT;
            default -> {
                reading.at("append_action").unexpected(message.getAppendActionValue(), "one of Envoy's four");
                yield null;
            }
        };
    }

    /** Null for a format. */
    private static String plain(String format, Reading reading) {
        Matcher percent = FORMATTER.matcher(format);
        while (percent.find()) {
            if (percent.group().equals("%%")) continue;
            reading.problem("asks for " + (percent.group().equals("%") ? "a % that is not doubled" : percent.group())
                + " (expected: plain text, % as %%; this proxy has no formatters)");
            return null;
        }
        return format.replace("%%", "%");
    }
}
