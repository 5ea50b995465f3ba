package mesh.pki;

/** Leaves a list of rules at the first that does not hold. */
final class BrokenRuleException extends Exception {

    private static final long serialVersionUID = 1;

    private final Verdict.Reason reason;

    private BrokenRuleException(Verdict.Reason reason, String detail) {
        // Strangers can cause these at will.
        super(detail, null, false, false);
        this.reason = reason;
    }

    static void require(boolean holds, Verdict.Reason reason, String otherwise) throws BrokenRuleException {
        if (!holds) {
            throw new BrokenRuleException(reason, otherwise);
        }
    }

    static BrokenRuleException of(Verdict.Reason reason, String detail) {
        return new BrokenRuleException(reason, detail);
    }

    Verdict.Reason reason() {
        return reason;
    }
}
