package mesh.control.ca;

import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.control.ca.LiveLeaves.Leaf;
import mesh.model.SpiffeId;

/** A certificate as a line of the {@link AuditLog}. */
final class IssuedLines {

    static final String WHAT = "certificate issued";

    /** Of the versions before there were facts. */
    private static final Pattern WORDS = Pattern.compile("(\\S+), serial ([0-9a-f]+), until (\\S+)");

    private IssuedLines() {}

    static JsonObject facts(Leaf leaf) {
        JsonObject facts = new JsonObject().put("id", leaf.id().toString()).put("serial", leaf.serial().toString(16))
            .put("notAfter", leaf.notAfter().toString()).put("root", leaf.root());
        leaf.replaces().ifPresent(serial -> facts.put("replaces", serial.toString(16)));
        return facts;
    }

    /** Empty for a line that tells something else. */
    static Optional<Leaf> leaf(JsonObject line) {
        if (!WHAT.equals(line.getString("what"))) {
            return Optional.empty();
        }
        if (line.containsKey("serial")) {
            return Optional.of(new Leaf(serial(line.getString("serial")), SpiffeId.parse(line.getString("id")),
                Instant.parse(line.getString("notAfter")), line.getString("root"),
                Optional.ofNullable(line.getString("replaces")).map(IssuedLines::serial)));
        }
        Matcher words = WORDS.matcher(line.getString("detail", ""));
        return words.matches() ? Optional.of(new Leaf(serial(words.group(2)), SpiffeId.parse(words.group(1)), Instant.parse(words.group(3)), "",
            Optional.empty())) : Optional.empty();
    }

    private static BigInteger serial(String hex) {
        return new BigInteger(hex, 16);
    }
}
