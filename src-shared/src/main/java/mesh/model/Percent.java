package mesh.model;

import java.math.BigDecimal;

/**
 * A share of the requests, drawn for each by chance.
 *
 * @param millionths 0 to 1,000,000
 */
public record Percent(int millionths) {

    public static final Percent ALL = new Percent(1_000_000);

    private static final int HUNDREDTH = 10_000;

    public Percent {
        Checks.range("percent, in millionths of the whole", millionths, 0, 1_000_000);
    }

    /** @param text 0 to 100, with at most four digits behind the point */
    public static Percent parse(String text) {
        if (!text.matches("[0-9]{1,3}(\\.[0-9]{1,4})?") || new BigDecimal(text).compareTo(BigDecimal.valueOf(100)) > 0) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: 0 to 100, such as 12.5)");
        }
        return new Percent(new BigDecimal(text).movePointRight(4).intValueExact());
    }

    /** Rounded to millionths. */
    public static Percent of(double percent) {
        if (!(percent >= 0 && percent <= 100)) throw new IllegalArgumentException("percent: " + percent + " (expected: 0 to 100)");
        return new Percent((int) Math.round(percent * HUNDREDTH));
    }

    public double percent() {
        return (double) millionths / HUNDREDTH;
    }

    /** The smallest of Envoy's three denominators that says it exactly: 100, 10,000 or 1,000,000. */
    public int denominator() {
        return millionths % 10_000 == 0 ? 100 : millionths % 100 == 0 ? 10_000 : 1_000_000;
    }

    public int numerator() {
        return millionths / (1_000_000 / denominator());
    }
}
