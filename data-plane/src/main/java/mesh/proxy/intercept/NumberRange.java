package mesh.proxy.intercept;

/**
 * One number, or all from one to another: ports, or ids of users or groups.
 *
 * @param first at least 0
 * @param last  not below {@code first}
 */
public record NumberRange(long first, long last) {

    public static final long LAST_PORT = 65_535;
    /** 2^32 - 1 means "no id". */
    public static final long LAST_ID = (1L << 32) - 2;

    /** Reads {@code 8080} or {@code 8000-8010}. @throws IllegalArgumentException naming the text and what was expected */
    public static NumberRange parse(String text, long lowest, long highest) {
        int dash = text.indexOf('-');
        long first = number(dash < 0 ? text : text.substring(0, dash));
        long last = dash < 0 ? first : number(text.substring(dash + 1));
        if (first < lowest || last > highest || first > last) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: a number from " + lowest + " to " + highest + ", or two with - between)");
        }
        return new NumberRange(first, last);
    }

    private static long number(String text) {
        return text.matches("[0-9]{1,10}") ? Long.parseLong(text) : -1;
    }

    /** As the filter has it, which puts another sign between ports than between ids. */
    String text(char between) {
        return first == last ? Long.toString(first) : Long.toString(first) + between + last;
    }
}
