package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import mesh.model.Problem;

/**
 * A place in a resource that is being read. Problems are noted with the place instead of thrown, so that a sender learns all of them at
 * once; {@link #at} goes deeper and notes into the same list.
 */
final class Reading {

    /** The most that protobuf's Duration may hold: about 10,000 years. */
    private static final long MAX_SECONDS = 315_576_000_000L;

    private final String path;
    private final List<Problem> problems;

    Reading(String path) {
        this(path, new ArrayList<>());
    }

    private Reading(String path, List<Problem> problems) {
        this.path = path;
        this.problems = problems;
    }

    Reading at(String field) {
        return new Reading(path + "." + field, problems);
    }

    Reading at(String field, int index) {
        return new Reading(path + "." + field + "[" + index + "]", problems);
    }

    void problem(String message) {
        problems.add(new Problem(path, message));
    }

    /** A value for {@code found} that says what was expected instead. */
    void unexpected(Object found, String expected) {
        problem("\"" + found + "\" (expected: " + expected + ")");
    }

    /**
     * Notes every field that is set and not among these: leaving out what we do not know would change what the resource means.
     *
     * @param known fields that are read, and those that only concern an Envoy's own statistics, logs and buffers
     */
    void only(Message message, Set<String> known) {
        for (FieldDescriptor field : message.getAllFields().keySet()) {
            if (!known.contains(field.getName())) {
                at(field.getName()).problem("is set (expected: absent; this proxy does not have it)");
            }
        }
    }

    /** What {@code make} returns, or null when the record refused itself, which is noted. */
    <T> T check(Supplier<T> make) {
        try {
            return make.get();
        } catch (IllegalArgumentException e) {
            problem(e.getMessage());
            return null;
        }
    }

    /** The message in an Any, or null when it is another one or broken, which is noted. */
    <M extends Message> M unpack(Any any, Class<M> type) {
        try {
            if (any.is(type)) {
                return any.unpack(type);
            }
            unexpected(any.getTypeUrl(), Wire.typeUrl(type));
        } catch (InvalidProtocolBufferException e) {
            problem("is not a readable " + type.getSimpleName());
        }
        return null;
    }

    /** The duration, or {@code absent} when it is outside of what protobuf allows, which is noted. */
    Duration duration(com.google.protobuf.Duration value, Duration absent) {
        boolean valid = Math.abs(value.getSeconds()) <= MAX_SECONDS && Math.abs(value.getNanos()) < 1_000_000_000
            && (value.getSeconds() == 0 || value.getNanos() == 0 || value.getSeconds() > 0 == value.getNanos() > 0);
        if (valid) {
            return Duration.ofSeconds(value.getSeconds(), value.getNanos());
        }
        unexpected(value.getSeconds() + "s " + value.getNanos() + "ns", "a duration");
        return absent;
    }

    /** Whether nothing has been noted yet, anywhere in the resource. */
    boolean clean() {
        return problems.isEmpty();
    }

    /** The value if the whole resource was read without a problem. */
    <T> Decoded<T> result(T value) {
        return problems.isEmpty() ? new Decoded.Good<>(value) : new Decoded.Bad<>(problems);
    }
}
