package mesh.model;

/** Which proven identities are meant. Whoever has proved none is never meant. */
public sealed interface PeerMatch {

    boolean matches(SpiffeId peer);

    /** As {@link #parse} reads it. */
    String text();

    /** Whoever has proved to be somebody: {@code *}. */
    record Anyone() implements PeerMatch {
        @Override
        public boolean matches(SpiffeId peer) {
            return true;
        }

        @Override
        public String text() {
            return "*";
        }
    }

    /** One identity. */
    record Exactly(SpiffeId id) implements PeerMatch {
        @Override
        public boolean matches(SpiffeId peer) {
            return peer.equals(id);
        }

        @Override
        public String text() {
            return id.toString();
        }
    }

    /**
     * Every identity below a path of a trust domain: {@code spiffe://mesh.local/*}, {@code spiffe://mesh.local/ns/shop/*}.
     *
     * @param path begins and ends with a slash
     */
    record Below(TrustDomain trustDomain, String path) implements PeerMatch {

        public Below {
            if (path.length() > 1) new SpiffeId(trustDomain, path.substring(0, path.length() - 1));
        }

        @Override
        public boolean matches(SpiffeId peer) {
            return peer.trustDomain().equals(trustDomain) && peer.path().startsWith(path);
        }

        @Override
        public String text() {
            return trustDomain.uri() + path + "*";
        }
    }

    /** Every workload of a Kubernetes namespace, in whatever trust domain: {@code namespace/shop} is {@code spiffe://…/ns/shop/…}, as Istio names them. */
    record Namespace(String name) implements PeerMatch {

        private static final String PREFIX = "namespace/";

        public Namespace {
            if (!name.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")) {
                throw new IllegalArgumentException("\"" + PREFIX + name + "\" (expected: a namespace of Kubernetes, such as namespace/shop)");
            }
        }

        @Override
        public boolean matches(SpiffeId peer) {
            return peer.path().startsWith("/ns/") && peer.path().startsWith(name, 4) && peer.path().startsWith("/", 4 + name.length());
        }

        @Override
        public String text() {
            return PREFIX + name;
        }
    }

    /** @throws IllegalArgumentException naming the text and what was expected */
    static PeerMatch parse(String text) {
        if (text.equals("*")) return new Anyone();
        if (text.startsWith(Namespace.PREFIX)) return new Namespace(text.substring(Namespace.PREFIX.length()));
        try {
            if (!text.endsWith("/*")) return new Exactly(SpiffeId.parse(text));
            // Whatever stands for the star, the rest has to be an identity's beginning.
            SpiffeId example = SpiffeId.parse(text.substring(0, text.length() - 1) + "x");
            return new Below(example.trustDomain(), example.path().substring(0, example.path().length() - 1));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: a SPIFFE id, one that ends with /*, namespace/NAME, or *)", e);
        }
    }
}
