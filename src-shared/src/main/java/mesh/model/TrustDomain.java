package mesh.model;

/**
 * The part of an identity that says who vouches for it, such as {@code mesh.local}.
 *
 * @param name lower-case letters, digits, dots, dashes and underscores, 1 to 255 characters (SPIFFE-ID section 2.1)
 */
public record TrustDomain(String name) {

    /** What the mesh uses when nothing else is configured. */
    public static final TrustDomain DEFAULT = new TrustDomain("mesh.local");

    public TrustDomain {
        boolean good = !name.isEmpty() && name.length() <= 255;
        for (int i = 0; good && i < name.length(); i++) {
            char c = name.charAt(i);
            good = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_';
        }
        if (!good) {
            throw new IllegalArgumentException("trust domain: \"" + name + "\" (expected: lower-case letters, digits, '.', '-', '_')");
        }
    }

    /** The identity of the domain itself, which its CA certificates carry: {@code spiffe://mesh.local}. */
    public String uri() {
        return "spiffe://" + name;
    }

    @Override
    public String toString() {
        return name;
    }
}
