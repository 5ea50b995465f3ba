package mesh.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** The known word that was probably meant. */
final class Suggestion {

    private static final int LONGEST = 64;

    private Suggestion() {}

    /** Empty when none is near: one letter in three may be wrong, or the word is the beginning of another, or the other way round. */
    static Optional<String> of(String word, Collection<String> known) {
        String plain = plain(word);
        if (plain.isEmpty() || plain.length() > LONGEST) {
            return Optional.empty();
        }
        return known.stream()
            .filter(each -> distance(plain, plain(each)) <= Math.max(1, plain.length() / 3) || begins(plain, plain(each)))
            .min(Comparator.comparingInt(each -> distance(plain, plain(each))));
    }

    /** {@code circuit_breaker} and {@code circuitBreaker} are the same slip of one habit into another. */
    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
    }

    private static boolean begins(String one, String other) {
        return Math.min(one.length(), other.length()) >= 3 && (one.startsWith(other) || other.startsWith(one));
    }

    /** Letters to insert, remove, replace or swap with their neighbour (Damerau and Levenshtein). */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            d[i][0] = i;
        }
        for (int j = 0; j <= b.length(); j++) {
            d[0][j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
