package mesh.xds;

import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.envoyproxy.envoy.type.v3.FractionalPercent.DenominatorType;
import mesh.model.Percent;

/** Shares of requests as Envoy's {@code FractionalPercent}. */
final class Fractions {

    private Fractions() {}

    static FractionalPercent encode(Percent percent) {
        return FractionalPercent.newBuilder().setNumerator(percent.numerator()).setDenominator(switch (percent.denominator()) {
            case 100 -> DenominatorType.HUNDRED;
            case 10_000 -> DenominatorType.TEN_THOUSAND;
            default -> DenominatorType.MILLION;
        }).build();
    }

    /** More than all is all, as with Envoy; null when problems were noted. */
    static Percent decode(FractionalPercent message, Reading reading) {
        int unit = switch (message.getDenominator()) {
            case HUNDRED -> 10_000;
            case TEN_THOUSAND -> 100;
            case MILLION -> 1;
            default -> 0;
        };
        if (unit == 0) {
            reading.at("denominator").unexpected(message.getDenominatorValue(), "HUNDRED, TEN_THOUSAND or MILLION");
            return null;
        }
        return new Percent((int) Math.min(1_000_000, Integer.toUnsignedLong(message.getNumerator()) * unit));
    }
}
