package mesh.proxy.upstream;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import mesh.model.Durations;
import mesh.model.HealthCheckPolicy;
import mesh.proxy.loop.TimerWheel;

/**
 * Asks one endpoint again and again whether it is well, and says what follows from the answers: Envoy's active health checking. A new
 * endpoint is not used before it has passed once. Lives on through configurations that keep the check and how the endpoint is connected to.
 *
 * <p>Checks happen on one loop; {@link #isHealthy} and {@link #view} are for any thread.
 */
public final class HealthChecker extends TimerWheel.Timeout {

    /** What is known of the endpoint. */
    public enum State {
        /** Nothing yet. It is not used. */
        PENDING,
        HEALTHY,
        /** It is not used. */
        UNHEALTHY
    }

    /**
     * What it is at one moment.
     *
     * @param passed checks in a row
     * @param failed checks in a row, without an answer or with a bad one
     * @param last   what the last one came to, for people; empty before the first
     */
    public record View(State state, int passed, int failed, String last) {}

    /** Told on the checker's loop, of each check and, after that, of each change of state. */
    public interface Observer {

        void onAnswer(HealthProbe.Answer answer);

        /** @param numbers what it follows from, for people */
        void onChange(State from, State to, String numbers);
    }

    private final HealthCheckPolicy policy;
    private final ConnectSettings settings;
    private final HealthProbe probe;
    private final Executor loop;
    private final TimerWheel timers;
    private final ClusterLoad load;
    private final RandomGenerator random;
    private final Observer observer;
    private volatile View view;
    private volatile boolean begun;
    private boolean asking;
    private boolean ended;
    /** When the next check begins, traffic or not. */
    private long due;

    /**
     * @param settings that the probe connects by
     * @param loop     where everything happens
     * @param timers   the loop's
     * @param load     of the cluster; tells whether it was ever sent anything
     * @param known    PENDING for a new endpoint; one that was known before keeps its state
     * @param random   any thread may call it
     */
    public HealthChecker(HealthCheckPolicy policy, ConnectSettings settings, HealthProbe probe, Executor loop, TimerWheel timers,
        ClusterLoad load, State known, RandomGenerator random, Observer observer) {
        this.policy = policy;
        this.settings = settings;
        this.probe = probe;
        this.loop = loop;
        this.timers = timers;
        this.load = load;
        this.random = random;
        this.observer = observer;
        this.view = new View(known, 0, 0, "");
    }

    /** Whether this checks what is asked for now, and in that way. */
    public boolean fits(HealthCheckPolicy asked, ConnectSettings by) {
        return policy.equals(asked) && settings.equals(by);
    }

    /** Asked on every pick. */
    public boolean isHealthy() {
        return view.state == State.HEALTHY;
    }

    public View view() {
        return view;
    }

    // When it asks.

    /** The configuration that asks for it is in force. Called with each that does. */
    public void begin() {
        if (begun) return;
        begun = true;
        loop.execute(() -> {
            long jitter = part(policy.initialJitter(), 100);
            if (ended) return;
            if (jitter == 0) ask();
            else waitFor(jitter);
        });
    }

    /** Nothing is asked any more, and no connection is left. */
    public void end() {
        begun = true;
        loop.execute(() -> {
            ended = true;
            timers.cancel(this);
            probe.close();
        });
    }

    private void ask() {
        asking = true;
        timers.set(this, policy.timeout().toNanos());
        probe.ask(this::onAnswer);
    }

    @Override
    protected void expire() {
        if (asking) {
            probe.close();
            onAnswer(HealthProbe.Answer.NETWORK_FAILURE, "no answer within " + Durations.format(policy.timeout()));
        } else if (timers.now() >= due || load.isUsed()) {
            ask();
        } else {
            wake();
        }
    }

    private void onAnswer(HealthProbe.Answer answer, String why) {
        asking = false;
        observer.onAnswer(answer);
        judge(answer, why);
        Duration interval = load.isUsed() ? policy.interval() : policy.noTrafficInterval();
        waitFor(interval.toNanos() + part(interval, policy.intervalJitterPercent()));
    }

    private void waitFor(long nanos) {
        due = timers.now() + nanos;
        wake();
    }

    /** No later than an interval from now: the first request of a quiet cluster makes its checks frequent. */
    private void wake() {
        long left = due - timers.now();
        timers.set(this, load.isUsed() ? left : Math.min(left, policy.interval().toNanos()));
    }

    /** By chance, up to so many percent. */
    private long part(Duration whole, int percent) {
        long most = (long) (whole.toNanos() * (percent / 100.0));
        return most == 0 ? 0 : random.nextLong(most + 1);
    }

    // What follows from the answers.

    private void judge(HealthProbe.Answer answer, String why) {
        View before = view;
        boolean well = answer == HealthProbe.Answer.SUCCESS;
        int passed = well ? before.passed + 1 : 0;
        int failed = well ? 0 : before.failed + 1;
        State next = switch (before.state) {
            case PENDING -> well ? State.HEALTHY : State.UNHEALTHY;
            case UNHEALTHY -> passed >= policy.healthyThreshold() ? State.HEALTHY : State.UNHEALTHY;
            case HEALTHY ->
                answer == HealthProbe.Answer.FAILURE || failed >= policy.unhealthyThreshold() ? State.UNHEALTHY : State.HEALTHY;
        };
        view = new View(next, passed, failed, why);
        if (next != before.state) observer.onChange(before.state, next, numbers(before.state, answer, passed, failed, why));
    }

    private String numbers(State before, HealthProbe.Answer answer, int passed, int failed, String why) {
        if (before == State.PENDING) return "first check: " + why;
        return switch (answer) {
            case SUCCESS -> passed + " checks in a row passed (threshold " + policy.healthyThreshold() + "), the last: " + why;
            case FAILURE -> why;
            case NETWORK_FAILURE -> failed + " checks in a row failed (threshold " + policy.unhealthyThreshold() + "), the last: " + why;
        };
    }
}
