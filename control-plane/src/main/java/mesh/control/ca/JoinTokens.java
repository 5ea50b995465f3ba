package mesh.control.ca;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import mesh.control.journal.FileLayer;
import mesh.control.journal.Journal;
import mesh.model.SpiffeId;
import org.jboss.logging.Logger;

/**
 * One-use secrets with which a workload that has no certificate yet asks for its first one. Each is good for one identity and ten minutes,
 * and kept as a hash. That it was used is durable before it is good for anything, so a kill brings no token back. Any thread.
 */
public final class JoinTokens implements Closeable {

    static final Duration LIFE = Duration.ofMinutes(10);

    private static final Logger LOG = Logger.getLogger(JoinTokens.class);
    private static final String FILE = "tokens.journal";
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

    private final Journal journal;
    private final InstantSource clock;
    private final RandomGenerator random;
    /** By hash, oldest first. */
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final long neverCompactBelow;
    private long compactAbove;

    private JoinTokens(Journal journal, InstantSource clock, RandomGenerator random, long compactAbove) {
        this.journal = journal;
        this.clock = clock;
        this.random = random;
        this.neverCompactBelow = compactAbove;
        this.compactAbove = compactAbove;
    }

    /** @param random must be cryptographically strong */
    public static JoinTokens open(FileLayer files, InstantSource clock, RandomGenerator random) throws IOException {
        return open(files, clock, random, COMPACT_ABOVE);
    }

    static JoinTokens open(FileLayer files, InstantSource clock, RandomGenerator random, long compactAbove) throws IOException {
        JoinTokens tokens = new JoinTokens(Journal.open(files, FILE), clock, random, compactAbove);
        tokens.journal.takeRecovered().forEach(tokens::recover);
        return tokens;
    }

    /** Of one token the last record counts. */
    private void recover(byte[] record) {
        String[] words = new String(record, StandardCharsets.UTF_8).split(" ");
        entries.put(words[0], new Entry(SpiffeId.parse(words[3]), Instant.ofEpochMilli(Long.parseLong(words[1])), words[2].equals("used")));
    }

    /** @throws IOException when it could not be made durable; there is no token then */
    synchronized JoinToken create(SpiffeId id) throws IOException {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        Entry entry = new Entry(id, clock.instant().plus(LIFE), false);
        keep(hash(text), entry);
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
        Optional<SpiffeId> holder = holder(text);
        if (holder.isPresent()) {
            String hash = hash(text);
            keep(hash, new Entry(holder.get(), entries.get(hash).expiresAt, true));
        }
        return holder;
    }

    private void keep(String hash, Entry entry) throws IOException {
        journal.append(entry.line(hash).getBytes(StandardCharsets.UTF_8));
        entries.put(hash, entry);
        if (journal.length() > compactAbove) {
            compact();
        }
    }

    /** Used ones stay for as long as they would have been good, so that a replay is told from a guess. A failure only costs space. */
    private void compact() {
        Instant now = clock.instant();
        entries.values().removeIf(entry -> entry.expiresAt.isBefore(now));
        List<byte[]> lines = new ArrayList<>();
        entries.forEach((hash, entry) -> lines.add(entry.line(hash).getBytes(StandardCharsets.UTF_8)));
        try {
            journal.rewrite(lines);
        } catch (IOException e) {
            LOG.warnf("%s could not be compacted, it goes on growing: %s", FILE, e.getMessage());
        }
        // Not again before it has doubled, however many tokens are good at a time.
        compactAbove = Math.max(neverCompactBelow, 2 * journal.length());
    }

    private static String hash(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        journal.close();
    }
}
