package mesh.model;

/**
 * A field that is written.
 *
 * @param name   kept in lower case; none that {@link HeaderChanges#checkedName} refuses
 * @param value  1 to 4096 visible ASCII characters, spaces and tabs, none of the latter two at either end; nothing in it is replaced
 * @param action what becomes of fields of that name that are there
 */
public record HeaderChange(String name, String value, Action action) {

    private static final int MOST = 4096;

    public HeaderChange {
        name = HeaderChanges.checkedName(name);
        if (value.isEmpty() || value.length() > MOST || !value.strip().equals(value) || !value.chars().allMatch(HeaderChange::mayStand)) {
            throw new IllegalArgumentException("value of header \"" + name + "\": \"" + printable(value)
                + "\" (expected: 1 to " + MOST + " characters of visible ASCII, blanks only between them)");
        }
    }

    private static boolean mayStand(int c) {
        return c >= ' ' && c < 0x7f || c == '\t';
    }

    private static String printable(String value) {
        return value.substring(0, Math.min(value.length(), 80)).replaceAll("[^ -~]", "?");
    }

    /** Envoy's, under shorter names. */
    public enum Action {
        /** They stay, and this one comes behind them. */
        APPEND("append"),
        /** If there is one, nothing is done. */
        ADD_IF_ABSENT("add-if-absent"),
        /** It takes their place. */
        SET("set"),
        /** If there is none, nothing is done. */
        SET_IF_PRESENT("set-if-present");

        private final String text;

        Action(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }

        public static Action parse(String text) {
            for (Action each : values()) {
                if (each.text.equals(text)) return each;
            }
            throw new IllegalArgumentException("\"" + text + "\" (expected: one of append, add-if-absent, set, set-if-present)");
        }
    }
}
