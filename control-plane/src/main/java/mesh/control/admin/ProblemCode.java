package mesh.control.admin;

import java.util.regex.Pattern;
import mesh.model.Problem;

/** What kind of problem it is, for programs: these names stay, whatever the messages say. The first that fits a message is meant. */
enum ProblemCode {
    /** Nothing stands where something must. */
    MISSING("^(missing|\"\" \\(expected)|: \"\" \\(expected"),
    /** A name of something that is not in the configuration. */
    UNKNOWN_REFERENCE("which is not among"),
    /** What may stand once stands twice. */
    DUPLICATE("already \\(expected: once\\)|twice"),
    /** Two things that do not go together. */
    CONFLICT("both listen on|\\bbeside\\b|at most one|of type original_dst|is this mesh's own"),
    /** A number or duration that is too small or too large. */
    OUT_OF_RANGE("^[^\"]*-?[0-9][0-9.]*\\w* \\(expected: [^)]*([0-9].* to |>|at least|at most|above|more than|or more)"),
    /** It is not what is expected there. */
    INVALID_VALUE("");

    private final Pattern message;

    ProblemCode(String message) {
        this.message = Pattern.compile(message);
    }

    static ProblemCode of(Problem problem) {
        for (ProblemCode code : values()) {
            if (code.message.matcher(problem.message()).find()) {
                return code;
            }
        }
        return INVALID_VALUE;
    }
}
