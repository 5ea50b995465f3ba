package mesh.control.rollout;

import java.time.Duration;
import java.util.List;

/**
 * How far a rollout is.
 *
 * @param state   {@code running}, {@code done} or {@code aborted}
 * @param wave    from 1
 * @param version of this wave
 * @param given   the nodes that have it
 * @param applied how many of them have acknowledged it
 * @param reason  why it was aborted; "" otherwise
 * @param after   the version that holds what was before; 0 unless aborted
 */
public record RolloutNews(String state, int wave, int waves, long version, int concerned, List<String> given, int applied, long requests,
    long failures, Duration p99, String reason, long after) {

    boolean isEnd() {
        return !state.equals("running");
    }

    RolloutNews ended(String how, String why, long version) {
        return new RolloutNews(how, wave, waves, this.version, concerned, given, applied, requests, failures, p99, why, version);
    }
}
