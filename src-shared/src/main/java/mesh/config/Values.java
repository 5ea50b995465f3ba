package mesh.config;

import java.time.Duration;
import mesh.model.Address;
import mesh.model.Durations;
import mesh.model.Percent;

/** Texts to values, for those that the model does not read itself. Each refuses with the text and what was expected. */
final class Values {

    /** The longest that a record of the model takes. */
    private static final Duration LONGEST = Duration.ofHours(99_999);
    static final String HOST_PORT = "host:port, such as localhost:9001";

    private Values() {}

    /** A name that people give: the ones that begin with "@" are made by the mesh itself. */
    static String name(String text) {
        boolean good = !text.isEmpty() && text.length() <= 255 && text.chars().noneMatch(c -> c <= ' ' || c == 0x7f) && !text.startsWith("@");
        return checked(good, text, text, "a name of 1 to 255 characters, no blanks, not beginning with @");
    }

    static int integer(String text, int min, int max) {
        boolean number = text.matches("-?[0-9]{1,9}");
        int n = number ? Integer.parseInt(text) : 0;
        return checked(number && n >= min && n <= max, n, text, "a whole number from " + min + " to " + max);
    }

    /** A part of one. */
    static double share(String text) {
        double value = text.matches("[0-9]{0,3}(\\.[0-9]{1,9})?") && !text.isEmpty() ? Double.parseDouble(text) : 0;
        return checked(value > 0 && value <= 1, value, text, "above 0 and at most 1, such as 0.5");
    }

    /** Not negative. */
    static double ratio(String text) {
        boolean number = text.matches("[0-9]{0,3}(\\.[0-9]{1,9})?") && !text.isEmpty();
        double value = number ? Double.parseDouble(text) : 0;
        return checked(number && value <= 10, value, text, "0 to 10, such as 0.2");
    }

    /** A share of requests: all of them, none, or what is between. */
    static Percent sample(String text) {
        double value = text.matches("[0-9]?(\\.[0-9]{1,9})?") && !text.isEmpty() ? Double.parseDouble(text) : 2;
        return checked(value <= 1, Percent.of(Math.min(1, value) * 100), text, "0 to 1, such as 0.1");
    }

    static Duration duration(String text, boolean zeroIsGood) {
        Duration value = Durations.parse(text);
        checked(value.compareTo(LONGEST) <= 0, value, text, "at most " + Durations.format(LONGEST));
        return checked(zeroIsGood || !value.isZero(), value, text, "more than 0");
    }

    static boolean flag(String text) {
        return checked(text.equals("true") || text.equals("false"), text.equals("true"), text, "true or false");
    }

    /** An address to connect to. */
    static Address dialled(String text) {
        Address address = Address.parse(text);
        return checked(!address.host().isEmpty() && address.port() != 0, address, text, HOST_PORT);
    }

    private static <T> T checked(boolean good, T value, String text, String expected) {
        if (!good) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: " + expected + ")");
        }
        return value;
    }
}
