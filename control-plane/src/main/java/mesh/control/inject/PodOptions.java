package mesh.control.inject;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a pod says about its sidecar, by annotations {@code mesh/…}. Users of Istio and Linkerd know them by other prefixes; the README has
 * the table.
 *
 * @param inject          {@code mesh/inject}, as label or annotation; empty where it says nothing
 * @param interception    whether rules send its connections through the sidecar
 * @param nativeOne       empty leaves it to the settings
 * @param rewriteProbes   whether the sidecar answers the kubelet's probes of the application
 * @param metricsPort     of the sidecar's metrics
 * @param rules           options of {@code mesh intercept install} that differ from the defaults, in order
 * @param requests        of CPU and memory
 * @param limits          of CPU and memory; none for CPU unless it is asked for
 */
record PodOptions(
    Optional<Boolean> inject, boolean interception, Optional<Boolean> nativeOne, boolean rewriteProbes, Optional<String> image, int metricsPort,
    int concurrency, String logLevel, List<String> rules, Map<String, Quantity> requests, Map<String, Quantity> limits) {

    static final String PREFIX = "mesh/";
    /** Written by the injector: that it was here, and what it put in. */
    static final String STATUS = PREFIX + "status";
    static final String INJECT = PREFIX + "inject";

    private static final String ALWAYS_EXCLUDED = "22,15021";
    private static final Pattern PORTS = Pattern.compile("\\d{1,5}(-\\d{1,5})?(,\\d{1,5}(-\\d{1,5})?)*");
    private static final Pattern CIDRS = Pattern.compile("[0-9a-fA-F.:]+(/\\d{1,3})?(,[0-9a-fA-F.:]+(/\\d{1,3})?)*");
    private static final Pattern QUANTITY = Pattern.compile("\\d+(\\.\\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?");
    private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}");
    private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug", "trace");
    private static final Map<String, String> DEFAULT_REQUESTS = Map.of("cpu", "100m", "memory", "192Mi");
    private static final Map<String, String> DEFAULT_LIMITS = Map.of("memory", "512Mi");

    /** @throws IllegalArgumentException naming every annotation that cannot be meant, a line each */
    static PodOptions of(Pod pod) {
        return new Reading(pod).options();
    }

    /** Takes annotations out one by one: what is left is unknown. */
    private static final class Reading {

        private final Map<String, String> left = new HashMap<>();
        private final List<String> problems = new ArrayList<>();

        Reading(Pod pod) {
            labels(pod).forEach((name, value) -> {
                if (name.equals(INJECT)) left.put(name, value);
            });
            annotations(pod).forEach((name, value) -> {
                if (name.startsWith(PREFIX) && !name.equals(STATUS)) left.put(name, value);
            });
        }

        PodOptions options() {
            Optional<Boolean> inject = flag("inject");
            boolean interception = !word("interception", Set.of("redirect", "none"), "redirect").equals("none");
            Optional<Boolean> nativeOne = flag("native-sidecar");
            boolean rewriteProbes = flag("rewrite-app-probes").orElse(true);
            Optional<String> image = text("proxy-image", IMAGE, "an image such as registry.example/mesh/data-plane:0.1.0");
            int metricsPort = number("proxy-metrics-port", 9090, 65_535);
            int concurrency = number("proxy-concurrency", 2, 256);
            String level = word("proxy-log-level", LEVELS, "info");
            List<String> rules = rules(metricsPort);
            Map<String, Quantity> requests = new TreeMap<>();
            Map<String, Quantity> limits = new TreeMap<>();
            resources(requests, limits);
            left.keySet().stream().sorted().forEach(name -> problems.add(name + ": unknown (expected: an annotation that is described for pods)"));
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException(String.join("\n", problems));
            }
            return new PodOptions(inject, interception, nativeOne, rewriteProbes, image, metricsPort, concurrency, level, rules, requests, limits);
        }

        private List<String> rules(int metricsPort) {
            List<String> rules = new ArrayList<>();
            for (String which : List.of("include-outbound-ports", "exclude-outbound-ports", "include-outbound-cidrs", "exclude-outbound-cidrs",
                "include-inbound-ports")) {
                boolean cidrs = which.endsWith("cidrs");
                list(which, cidrs).ifPresent(value -> rules.addAll(List.of("--" + which, value)));
            }
            rules.addAll(List.of("--exclude-inbound-ports",
                ALWAYS_EXCLUDED + "," + metricsPort + list("exclude-inbound-ports", false).map(more -> "," + more).orElse("")));
            return rules;
        }

        private Optional<String> list(String name, boolean cidrs) {
            String expected = cidrs ? "CIDRs by commas such as 10.0.0.0/8,fd00::/8" : "ports by commas such as 5432,9000-9010";
            Optional<String> value = taken(name).map(text -> text.replace(" ", "")).filter(text -> !text.isEmpty());
            boolean word = name.startsWith("include") && value.filter(text -> text.equals("all") || text.equals("none")).isPresent();
            if (value.isPresent() && !word && (!(cidrs ? CIDRS : PORTS).matcher(value.get()).matches() || !cidrs && !arePorts(value.get()))) {
                wrong(name, value.get(), expected + (name.startsWith("include") ? ", all or none" : ""));
            }
            return value;
        }

        private static boolean arePorts(String text) {
            for (String each : text.split("[,-]")) {
                int port = Integer.parseInt(each);
                if (port < 1 || port > 65_535) return false;
            }
            return true;
        }

        /** A default limit makes way for a larger request, which would otherwise be refused by the API server in words that name neither. */
        private void resources(Map<String, Quantity> requests, Map<String, Quantity> limits) {
            for (String what : List.of("cpu", "memory")) {
                Optional<Quantity> request = quantity("proxy-" + what + "-request");
                Optional<Quantity> limit = quantity("proxy-" + what + "-limit");
                Quantity requested = request.or(() -> limit.filter(most -> isLess(most, DEFAULT_REQUESTS.get(what))))
                    .orElse(new Quantity(DEFAULT_REQUESTS.get(what)));
                requests.put(what, requested);
                limit.or(() -> Optional.ofNullable(DEFAULT_LIMITS.get(what)).map(Quantity::new)
                    .map(most -> amount(most).compareTo(amount(requested)) < 0 ? requested : most)).ifPresent(most -> limits.put(what, most));
                if (limit.isPresent() && amount(limit.get()).compareTo(amount(requested)) < 0) {
                    wrong("proxy-" + what + "-limit", limit.get().toString(), "at least the request, " + requested);
                }
            }
        }

        private static boolean isLess(Quantity most, String than) {
            return amount(most).compareTo(amount(new Quantity(than))) < 0;
        }

        private static BigDecimal amount(Quantity quantity) {
            return Quantity.parse(quantity.toString()).getNumericalAmount();
        }

        private Optional<Quantity> quantity(String name) {
            return text(name, QUANTITY, "a quantity such as 250m or 256Mi").map(Quantity::parse);
        }

        private Optional<Boolean> flag(String name) {
            return taken(name).map(value -> switch (value) {
                case "enabled", "true" -> true;
                case "disabled", "false" -> false;
                default -> {
                    wrong(name, value, "enabled or disabled, true or false");
                    yield false;
                }
            });
        }

        private String word(String name, Set<String> words, String byDefault) {
            String value = taken(name).orElse(byDefault);
            if (!words.contains(value)) wrong(name, value, "one of " + words.stream().sorted().toList());
            return value;
        }

        private int number(String name, int byDefault, int most) {
            Optional<String> value = taken(name);
            if (value.isEmpty()) return byDefault;
            int number = value.get().matches("\\d{1,5}") ? Integer.parseInt(value.get()) : 0;
            if (number < 1 || number > most) wrong(name, value.get(), "1 to " + most);
            return number;
        }

        private Optional<String> text(String name, Pattern pattern, String expected) {
            Optional<String> value = taken(name);
            if (value.isPresent() && !pattern.matcher(value.get()).matches()) {
                wrong(name, value.get(), expected);
                return Optional.empty();
            }
            return value;
        }

        private Optional<String> taken(String name) {
            return Optional.ofNullable(left.remove(PREFIX + name));
        }

        private void wrong(String name, String value, String expected) {
            problems.add(PREFIX + name + ": \"" + value + "\" (expected: " + expected + ")");
        }
    }

    static Map<String, String> annotations(Pod pod) {
        return pod.getMetadata() == null || pod.getMetadata().getAnnotations() == null ? Map.of() : pod.getMetadata().getAnnotations();
    }

    private static Map<String, String> labels(Pod pod) {
        return pod.getMetadata() == null || pod.getMetadata().getLabels() == null ? Map.of() : pod.getMetadata().getLabels();
    }
}
