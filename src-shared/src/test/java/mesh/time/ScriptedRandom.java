package mesh.time;

import java.util.random.RandomGenerator;

/**
 * Chance by script: hands out the given numbers in turn and fails when there are none left. Integers come from
 * {@link #nextInt(int)} and {@link #nextLong(long)}, fractions from {@link #nextDouble()}; a number outside what was asked for is a
 * mistake in the test.
 */
public final class ScriptedRandom implements RandomGenerator {

    private final double[] numbers;
    private int next;

    /** For instance {@code new ScriptedRandom(0, 2, 0.25)}. */
    public ScriptedRandom(double... numbers) {
        this.numbers = numbers.clone();
    }

    /** Whether every number has been asked for. */
    public boolean exhausted() {
        return next == numbers.length;
    }

    @Override
    public int nextInt(int bound) {
        return (int) nextLong(bound);
    }

    @Override
    public int nextInt(int origin, int bound) {
        return (int) nextLong(origin, bound);
    }

    @Override
    public int nextInt() {
        return (int) take();
    }

    @Override
    public long nextLong(long bound) {
        return nextLong(0, bound);
    }

    @Override
    public long nextLong(long origin, long bound) {
        return (long) inside(origin, bound);
    }

    @Override
    public long nextLong() {
        return (long) take();
    }

    @Override
    public double nextDouble() {
        return inside(0, 1);
    }

    @Override
    public boolean nextBoolean() {
        return take() != 0;
    }

    private double inside(double origin, double bound) {
        double number = take();
        if (number < origin || number >= bound) {
            throw new AssertionError("scripted number " + (next - 1) + ": " + number + " (expected: " + origin + " to below " + bound + ")");
        }
        return number;
    }

    private double take() {
        if (next == numbers.length) {
            throw new AssertionError("asked for number " + next + " of " + numbers.length + " scripted ones");
        }
        return numbers[next++];
    }
}
