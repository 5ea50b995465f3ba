package mesh.e2e;

/** How much of something a test does: enough to see it in {@code verify}, and what {@code -Psoak} says for minutes and hours of it. */
final class Effort {

    private Effort() {}

    /** @param what {@code mesh.soak.}what is the system property that says otherwise */
    static int of(String what, int verify) {
        return Integer.getInteger("mesh.soak." + what, verify);
    }
}
