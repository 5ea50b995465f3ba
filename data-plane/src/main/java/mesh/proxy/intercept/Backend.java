package mesh.proxy.intercept;

import java.util.Locale;

/** Whose tables rules go to: the kernel has two packet filters, and each iptables speaks to one of them. */
public enum Backend {
    /** The one with our rules in it, or else the only one with rules, or else the one that {@code iptables} is on this system. */
    AUTO(""),
    NFT("-nft"),
    LEGACY("-legacy");

    private final String suffix;

    Backend(String suffix) {
        this.suffix = suffix;
    }

    /** @throws IllegalArgumentException naming the text and what was expected */
    public static Backend parse(String text) {
        for (Backend each : values()) if (each.name().toLowerCase(Locale.ROOT).equals(text)) return each;
        throw new IllegalArgumentException("\"" + text + "\" (expected: auto, nft or legacy)");
    }

    String suffix() {
        return suffix;
    }
}
