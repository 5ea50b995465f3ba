package mesh.xds;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ComparisonFilter;
import io.envoyproxy.envoy.config.accesslog.v3.OrFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ResponseFlagFilter;
import io.envoyproxy.envoy.config.accesslog.v3.RuntimeFilter;
import io.envoyproxy.envoy.config.accesslog.v3.StatusCodeFilter;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.RuntimeUInt32;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.envoyproxy.envoy.type.v3.FractionalPercent.DenominatorType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mesh.model.AccessLogField;
import mesh.model.AccessLogPolicy;
import mesh.model.AccessLogPolicy.Format;
import mesh.model.Percent;

/**
 * The access log as Envoy's file logger: the same fields, in its operators. Formats of others' making are refused, and so are filters but
 * for the sample and the failures beside it.
 */
final class AccessLogs {

    private static final String FILE = "envoy.access_loggers.file";
    private static final String SAMPLE_KEY = "mesh.access_log.sample";
    private static final int ERRORS_FROM = 500;

    private static final Struct JSON = Struct.newBuilder().putAllFields(Stream.of(AccessLogField.values()).collect(
        Collectors.toMap(AccessLogField::text, field -> Value.newBuilder().setStringValue(field.operator()).build()))).build();
    private static final String TEXT = Stream.of(AccessLogField.values()).map(field -> field == AccessLogField.TIME ? "[" + field.operator() + "]"
        : field == AccessLogField.METHOD ? "\"" + field.operator()
        : field == AccessLogField.PROTOCOL ? field.operator() + "\""
        : field.isQuoted() ? "\"" + field.operator() + "\"" : field.operator()).collect(Collectors.joining(" ", "", "\n"));

    /** A failure: an answer of 5xx, or any flag. Of gRPC's statuses an Envoy's filters can tell only those of all requests at once. */
    private static final List<AccessLogFilter> FAILURES = List.of(
        AccessLogFilter.newBuilder().setStatusCodeFilter(StatusCodeFilter.newBuilder().setComparison(ComparisonFilter.newBuilder()
            .setOp(ComparisonFilter.Op.GE)
            .setValue(RuntimeUInt32.newBuilder().setDefaultValue(ERRORS_FROM).setRuntimeKey("mesh.access_log.errors_from")))).build(),
        AccessLogFilter.newBuilder().setResponseFlagFilter(ResponseFlagFilter.getDefaultInstance()).build());

    private AccessLogs() {}

    static AccessLog encode(AccessLogPolicy policy) {
        SubstitutionFormatString.Builder format = SubstitutionFormatString.newBuilder();
        if (policy.format() == Format.JSON) format.setJsonFormat(JSON);
        else format.setTextFormatSource(DataSource.newBuilder().setInlineString(TEXT));
        AccessLog.Builder log = AccessLog.newBuilder().setName(FILE)
            .setTypedConfig(Wire.pack(FileAccessLog.newBuilder().setPath(policy.file()).setLogFormat(format).build()));
        if (!policy.sample().equals(Percent.ALL)) log.setFilter(filter(policy));
        return log.build();
    }

    private static AccessLogFilter filter(AccessLogPolicy policy) {
        AccessLogFilter sample = AccessLogFilter.newBuilder().setRuntimeFilter(RuntimeFilter.newBuilder().setRuntimeKey(SAMPLE_KEY)
            // Not by the request's id, by which all hops would draw the same.
            .setUseIndependentRandomness(true)
            .setPercentSampled(FractionalPercent.newBuilder()
                .setNumerator(policy.sample().millionths()).setDenominator(DenominatorType.MILLION))).build();
        return policy.errors()
            ? AccessLogFilter.newBuilder().setOrFilter(OrFilter.newBuilder().addFilters(sample).addAllFilters(FAILURES)).build() : sample;
    }

    /** Empty for no log, and after a problem. @param reading of the field {@code access_log} */
    static Optional<AccessLogPolicy> decode(List<AccessLog> logs, Reading reading) {
        if (logs.isEmpty()) return Optional.empty();
        if (logs.size() > 1) reading.problem("has " + logs.size() + " of them (expected: one)");
        AccessLog log = logs.get(0);
        reading.only(log, Set.of("name", "filter", "typed_config"));
        Reading at = reading.at("typed_config");
        FileAccessLog file = at.unpack(log.getTypedConfig(), FileAccessLog.class);
        if (file == null) return Optional.empty();
        at.only(file, Set.of("path", "log_format"));
        Format format = format(file.getLogFormat(), at.at("log_format"));
        Percent sample = sample(log.getFilter(), reading.at("filter"));
        boolean errors = !log.hasFilter() || log.getFilter().hasOrFilter();
        return sample == null ? Optional.empty()
            : Optional.ofNullable(at.check(() -> new AccessLogPolicy(format, file.getPath(), sample, errors)));
    }

    private static Format format(SubstitutionFormatString format, Reading reading) {
        reading.only(format, Set.of("json_format", "text_format_source"));
        if (format.hasJsonFormat()) {
            if (!format.getJsonFormat().equals(JSON)) otherJson(format.getJsonFormat(), reading.at("json_format"));
            return Format.JSON;
        }
        if (!format.getTextFormatSource().getInlineString().equals(TEXT)) {
            reading.at("text_format_source").unexpected(format.getTextFormatSource().getInlineString().strip(), TEXT.strip());
        }
        return Format.TEXT;
    }

    private static void otherJson(Struct format, Reading reading) {
        JSON.getFieldsMap().forEach((key, operator) -> {
            if (!operator.equals(format.getFieldsMap().get(key))) {
                reading.at(key).unexpected(format.getFieldsOrDefault(key, Value.getDefaultInstance()).getStringValue(), operator.getStringValue());
            }
        });
        format.getFieldsMap().keySet().stream().filter(key -> !JSON.containsFields(key)).sorted()
            .forEach(key -> reading.at(key).problem("is set (expected: absent; this proxy does not have it)"));
    }

    /** Null after a problem. */
    private static Percent sample(AccessLogFilter filter, Reading reading) {
        AccessLogFilter sample = filter;
        if (filter.hasOrFilter()) {
            List<AccessLogFilter> all = filter.getOrFilter().getFiltersList();
            if (all.size() != 3 || !all.subList(1, 3).equals(FAILURES)) {
                reading.at("or_filter").problem("is not a sample and the failures beside it (expected: runtime_filter, status_code_filter >= "
                    + ERRORS_FROM + ", response_flag_filter of any flag)");
                return null;
            }
            sample = all.get(0);
        }
        if (filter.getFilterSpecifierCase() == AccessLogFilter.FilterSpecifierCase.FILTERSPECIFIER_NOT_SET) return Percent.ALL;
        reading.only(sample, Set.of("runtime_filter"));
        if (!sample.hasRuntimeFilter()) return null;
        FractionalPercent percent = sample.getRuntimeFilter().getPercentSampled();
        long unit = switch (percent.getDenominator()) {
            case HUNDRED -> 10_000;
            case TEN_THOUSAND -> 100;
            default -> 1;
        };
        long millionths = Integer.toUnsignedLong(percent.getNumerator()) * unit;
        return reading.at("runtime_filter").check(() -> new Percent((int) Math.min(Integer.MAX_VALUE, millionths)));
    }
}
