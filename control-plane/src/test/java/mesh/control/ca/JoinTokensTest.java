package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import mesh.control.journal.CrashingFiles;
import mesh.model.SpiffeId;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class JoinTokensTest {

    private static final SpiffeId WEB = SpiffeId.parse("spiffe://mesh.local/web");
    private static final SpiffeId PAYMENTS = SpiffeId.parse("spiffe://mesh.local/payments");
    private static final String FILE = "tokens.journal";

    private final FakeClock clock = new FakeClock();
    private final Random random = new Random(1);
    private CrashingFiles files = new CrashingFiles(random);
    private JoinTokens tokens = open();

    @Test
    void isGoodOnceForTheIdentityItWasMadeFor() throws IOException {
        String web = tokens.create(WEB).text();
        String payments = tokens.create(PAYMENTS).text();

        assertThat(tokens.redeem(payments)).contains(PAYMENTS);
        assertThat(tokens.redeem(web)).contains(WEB);
        assertThat(tokens.redeem(web)).isEmpty();
        assertThat(tokens.holder(web)).isEmpty();
    }

    @Test
    void isNotUsedUpByLookingAtIt() throws IOException {
        String token = tokens.create(WEB).text();

        assertThat(tokens.holder(token)).contains(WEB);
        assertThat(tokens.redeem(token)).contains(WEB);
    }

    @Test
    void isGoodForTenMinutes() throws IOException {
        JoinTokens.JoinToken token = tokens.create(WEB);
        assertThat(token.expiresAt()).isEqualTo(clock.instant().plus(Duration.ofMinutes(10)));

        clock.advance(JoinTokens.LIFE.minusNanos(1));
        assertThat(tokens.holder(token.text())).contains(WEB);
        clock.advance(Duration.ofNanos(1));
        assertThat(tokens.redeem(token.text())).isEmpty();
    }

    @Test
    void staysUsedAfterACrash() throws IOException {
        String used = tokens.create(WEB).text();
        String unused = tokens.create(PAYMENTS).text();
        tokens.redeem(used);
        crash();

        assertThat(tokens.redeem(used)).isEmpty();
        assertThat(tokens.redeem(unused)).contains(PAYMENTS);
    }

    @Test
    void isKeptAsAHashAlone() throws IOException {
        String token = tokens.create(WEB).text();

        assertThat(token).hasSizeGreaterThan(40);
        assertThat(new String(files.content(FILE), StandardCharsets.ISO_8859_1)).contains(WEB.toString()).doesNotContain(token);
    }

    @Test
    void isStillGoodWhenItsUseCouldNotBeKept() throws IOException {
        String token = tokens.create(WEB).text();
        files.spaceLeft(3);
        assertThatThrownBy(() -> tokens.redeem(token)).isInstanceOf(IOException.class);
        files.spaceLeft(1000);

        assertThat(tokens.redeem(token)).contains(WEB);
    }

    @Test
    void forgetsExpiredOnesWhenTheFileGrows() throws IOException {
        for (int i = 0; i < 10; i++) {
            tokens.redeem(tokens.create(WEB).text());
        }
        long before = files.content(FILE).length;
        clock.advance(JoinTokens.LIFE.plusMillis(1));
        String last = "";
        for (int i = 0; i < 10; i++) {
            last = tokens.create(PAYMENTS).text();
        }

        assertThat(files.content(FILE)).hasSizeLessThan((int) before);
        crash();
        assertThat(tokens.redeem(last)).contains(PAYMENTS);
    }

    private void crash() {
        files = files.restarted();
        tokens = open();
    }

    private JoinTokens open() {
        try {
            return JoinTokens.open(files, clock, random, 2500);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
