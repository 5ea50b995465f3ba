package mesh.control.rollout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Durations;

/**
 * How a change is given to sidecars.
 *
 * @param waves       percent of the sidecars that it concerns, each more than the one before, the last 100
 * @param bake        for how long each wave is watched
 * @param onRejection whether it ends when a sidecar would not take it
 * @param mostErrors  percent of requests that may fail; 100 for any number
 * @param mostP99     how long the 99th of 100 requests may take; zero for as long as it likes
 */
public record RolloutPlan(List<Double> waves, Duration bake, boolean onRejection, double mostErrors, Duration mostP99) {

    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,3})?)%");
    private static final Pattern CONDITION = Pattern.compile("(error-rate|p99)>(.+)");
    private static final Duration LONGEST = Duration.ofHours(24);

    public RolloutPlan {
        waves = List.copyOf(waves);
        double before = 0;
        for (double each : waves) {
            if (each <= before || each > 100) {
                throw new IllegalArgumentException("waves: " + waves + " (expected: each more than the one before, up to 100%)");
            }
            before = each;
        }
        if (before != 100) {
            throw new IllegalArgumentException("waves: " + waves + " (expected: the last is 100%)");
        }
        if (bake.isNegative() || bake.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("bake: " + bake + " (expected: 0s to 24h)");
        }
    }

    /**
     * Reads {@code 10%}, {@code 100%} and {@code rejections}, {@code error-rate>2%}, {@code p99>500ms}.
     *
     * @throws IllegalArgumentException naming what is none of these
     */
    public static RolloutPlan parse(List<String> waves, Duration bake, List<String> abortOn) {
        List<Double> percents = new ArrayList<>();
        waves.forEach(each -> percents.add(percent("waves", each)));
        boolean onRejection = abortOn.isEmpty();
        double errors = 100;
        Duration p99 = Duration.ZERO;
        for (String each : abortOn) {
            Matcher condition = CONDITION.matcher(each);
            if (each.equals("rejections")) {
                onRejection = true;
            } else if (!condition.matches()) {
                throw new IllegalArgumentException("abort_on: \"" + each + "\" (expected: rejections, error-rate>2% or p99>500ms)");
            } else if (condition.group(1).equals("p99")) {
                p99 = Durations.parse(condition.group(2));
            } else {
                errors = percent("abort_on", condition.group(2));
            }
        }
        return new RolloutPlan(percents, bake, onRejection, errors, p99);
    }

    private static double percent(String where, String text) {
        Matcher percent = PERCENT.matcher(text);
        if (!percent.matches()) {
            throw new IllegalArgumentException(where + ": \"" + text + "\" (expected: a percentage such as 10%)");
        }
        return Double.parseDouble(percent.group(1));
    }
}
