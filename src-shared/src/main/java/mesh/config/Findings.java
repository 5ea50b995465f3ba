package mesh.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import mesh.model.Problem;
import org.yaml.snakeyaml.error.Mark;

/** What is wrong with one file, gathered while it is read. */
final class Findings {

    private static final int LONGEST_MESSAGE = 400;

    private final String file;
    private final List<Problem> problems = new ArrayList<>();

    Findings(String file) {
        this.file = file;
    }

    /** @param mark where; null for the file as a whole */
    void add(String path, Mark mark, String message) {
        add(path, mark == null ? 0 : mark.getLine() + 1, mark == null ? 0 : mark.getColumn() + 1, message);
    }

    void add(String path, int line, int column, String message) {
        problems.add(new Problem(printable(path), printable(message), file, line, column));
    }

    String file() {
        return file;
    }

    int count() {
        return problems.size();
    }

    boolean none() {
        return problems.isEmpty();
    }

    /** From the top of the file down. */
    List<Problem> inOrder() {
        return problems.stream().sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column)).toList();
    }

    /** Text from a file goes to a terminal and a log: on one line, and nothing in it that either would obey. */
    private static String printable(String text) {
        String cut = text.length() <= LONGEST_MESSAGE ? text : text.substring(0, LONGEST_MESSAGE) + "…";
        return cut.codePoints()
            .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT || Character.getType(c) == Character.SURROGATE
                || c == 0x2028 || c == 0x2029 ? '?' : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }
}
