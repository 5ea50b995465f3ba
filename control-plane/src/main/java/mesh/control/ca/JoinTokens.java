package mesh.control.ca;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import mesh.digest.Sha256;
import mesh.model.SpiffeId;
import org.jboss.logging.Logger;

/**
 * One-use secrets with which a workload that has no certificate yet asks for its first one. Each is good for one identity and ten minutes,
 * and kept as a hash. That it was used is durable before it is good for anything, so a kill brings no token back. Any thread.
 */
public final class JoinTokens implements Closeable {

    static final Duration LIFE = Duration.ofMinutes(10);

    private static final Logger LOG = Logger.getLogger(JoinTokens.class);
    private static final String NAME = "tokens";
    private static final long COMPACT_ABOVE = 1 << 20;
    private static final int SECRET_BYTES = 32;

    /**
     * A new token.
     *
     * @param text told once
     */
    public record JoinToken(String text, Instant expiresAt) {}

    private record Entry(SpiffeId id, Instant expiresAt, boolean used) {

        String line(String hash) {
            return hash + " " + expiresAt.toEpochMilli() + " " + (used ? "used" : "new") + " " + id;
        }
    }

    private final RecordLog log;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<String, Entry> entries = new HashMap<>();
    /** Oldest first, as they are in the log. */
    private final Deque<byte[]> records = new ArrayDeque<>();
    private final long neverCompactBelow;
    private long compactAbove;

    private JoinTokens(RecordLog log, InstantSource clock, RandomGenerator random, long compactAbove) {
        this.log = log;
        this.clock = clock;
        this.random = random;
        this.neverCompactBelow = compactAbove;
        this.compactAbove = compactAbove;
    }

    /** @param random must be cryptographically strong */
    public static JoinTokens open(RecordLogs logs, InstantSource clock, RandomGenerator random) throws IOException {
        return open(logs, clock, random, COMPACT_ABOVE);
    }

    static JoinTokens open(RecordLogs logs, InstantSource clock, RandomGenerator random, long compactAbove) throws IOException {
        JoinTokens tokens = new JoinTokens(logs.log(NAME), clock, random, compactAbove);
        tokens.log.takeNew().forEach(tokens::take);
        tokens.log.onNews(tokens::catchUp);
        return tokens;
    }

    /** Of one token the last record counts. */
    private void take(byte[] record) {
        String[] words = words(record);
        entries.put(words[0], new Entry(SpiffeId.parse(words[3]), end(words), words[2].equals("used")));
        records.add(record);
    }

    private static String[] words(byte[] record) {
        return new String(record, StandardCharsets.UTF_8).split(" ");
    }

    private static Instant end(String[] words) {
        return Instant.ofEpochMilli(Long.parseLong(words[1]));
    }

    private synchronized void catchUp() {
        try {
            log.takeNew().forEach(this::take);
        } catch (IOException e) {
            LOG.warnf("%s: tokens of other replicas cannot be read: %s", log.describe(), e.getMessage());
        }
    }

    /** @throws IOException when it could not be made durable; there is no token then */
    synchronized JoinToken create(SpiffeId id) throws IOException {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        Entry entry = new Entry(id, clock.instant().plus(LIFE), false);
        log.decide(this::take, () -> {
            keep(hash(text), entry);
            return entry;
        });
        return new JoinToken(text, entry.expiresAt);
    }

    /** Whom a token was made for; empty when it is unknown, expired or used already. */
    synchronized Optional<SpiffeId> holder(String text) {
        Entry entry = entries.get(hash(text));
        if (entry == null) {
            // May be anybody's guess, and guesses shall not fill the log.
            LOG.debug("join token refused: unknown");
            return Optional.empty();
        }
        if (entry.used) {
            LOG.warnf("join token for %s refused: it was used before", entry.id);
            return Optional.empty();
        }
        if (!clock.instant().isBefore(entry.expiresAt)) {
            LOG.warnf("join token for %s refused: it expired at %s", entry.id, entry.expiresAt);
            return Optional.empty();
        }
        return Optional.of(entry.id);
    }

    /**
     * Uses a token up.
     *
     * @return as {@link #holder}
     * @throws IOException when its use could not be made durable; it is still good then
     */
    synchronized Optional<SpiffeId> redeem(String text) throws IOException {
        return log.decide(this::take, () -> {
            Optional<SpiffeId> holder = holder(text);
            if (holder.isPresent()) {
                String hash = hash(text);
                keep(hash, new Entry(holder.get(), entries.get(hash).expiresAt, true));
            }
            return holder;
        });
    }

    private void keep(String hash, Entry entry) throws IOException {
        byte[] record = entry.line(hash).getBytes(StandardCharsets.UTF_8);
        log.append(record);
        take(record);
        if (log.length() > compactAbove) {
            compact();
        }
    }

    /** Used ones stay for as long as they would have been good, so that a replay is told from a guess. A failure only costs space. */
    private void compact() {
        Instant now = clock.instant();
        entries.values().removeIf(entry -> entry.expiresAt.isBefore(now));
        while (!records.isEmpty() && end(words(records.peek())).isBefore(now)) {
            records.poll();
        }
        try {
            log.keepOnly(List.copyOf(records));
        } catch (IOException e) {
            LOG.warnf("%s could not be compacted, it goes on growing: %s", log.describe(), e.getMessage());
        }
        // Not again before it has doubled, however many tokens are good at a time.
        compactAbove = Math.max(neverCompactBelow, 2 * log.length());
    }

    private static String hash(String text) {
        return Sha256.hex(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public synchronized void close() throws IOException {
        log.close();
    }
}
