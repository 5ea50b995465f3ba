package mesh.proxy.filter;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import mesh.model.FaultPolicy;
import mesh.model.Percent;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;

/** Draws for each request whether it is to suffer a fault, and what; a request may ask for one only where the policy says so. Immutable. */
public final class FaultDraw {

    private static final FieldName DELAY = FieldName.of("x-envoy-fault-delay-request"),
        DELAY_PERCENTAGE = FieldName.of("x-envoy-fault-delay-request-percentage"),
        ABORT = FieldName.of("x-envoy-fault-abort-request"), ABORT_GRPC = FieldName.of("x-envoy-fault-abort-grpc-request"),
        ABORT_PERCENTAGE = FieldName.of("x-envoy-fault-abort-request-percentage");
    /** Of the longest delay that a request may ask for, in milliseconds: some eleven days. */
    private static final int MOST_DIGITS = 9;
    private static final int WHOLE = 1_000_000;

    private final FaultPolicy.Delay delay;
    private final FaultPolicy.Abort abort;

    public FaultDraw(FaultPolicy policy) {
        this.delay = policy.delay().orElse(null);
        this.abort = policy.abort().orElse(null);
    }

    /** How long the request is held up; 0 for not at all. */
    public long delayNanos(RequestHead request, RandomGenerator random) {
        if (delay == null) return 0;
        Duration fixed = delay.fixed().orElse(null);
        if (fixed != null) return isDrawn(delay.percent().millionths(), random) ? fixed.toNanos() : 0;
        long millis = number(request, DELAY);
        return millis > 0 && isDrawn(asked(request, DELAY_PERCENTAGE, delay.percent()), random) ? TimeUnit.MILLISECONDS.toNanos(millis) : 0;
    }

    /** What the request is answered instead of being sent on, or null. */
    public FaultPolicy.Status abort(RequestHead request, RandomGenerator random) {
        if (abort == null) return null;
        FaultPolicy.Status fixed = abort.with().orElse(null);
        if (fixed != null) return isDrawn(abort.percent().millionths(), random) ? fixed : null;
        FaultPolicy.Status asked = askedAbort(request);
        return asked != null && isDrawn(asked(request, ABORT_PERCENTAGE, abort.percent()), random) ? asked : null;
    }

    private static FaultPolicy.Status askedAbort(RequestHead request) {
        long http = number(request, ABORT);
        if (http >= 200 && http <= 599) return new FaultPolicy.Http((int) http);
        long grpc = number(request, ABORT_GRPC);
        return grpc >= 1 && grpc <= 16 ? new FaultPolicy.Grpc((int) grpc) : null;
    }

    /** At most what the policy allows, in the unit that it is written in, as with Envoy: in percent where it is a whole number of them. */
    private static int asked(RequestHead request, FieldName name, Percent allowed) {
        long numerator = number(request, name);
        return numerator < 0 ? allowed.millionths()
            : (int) Math.min(allowed.millionths(), numerator * (WHOLE / allowed.denominator()));
    }

    private static boolean isDrawn(int millionths, RandomGenerator random) {
        return millionths == WHOLE || millionths > 0 && random.nextInt(WHOLE) < millionths;
    }

    private static long number(RequestHead request, FieldName name) {
        int i = request.indexOf(name, 0);
        return i < 0 || request.valueEnd(i) - request.valueStart(i) > MOST_DIGITS ? -1 : request.number(i);
    }
}
