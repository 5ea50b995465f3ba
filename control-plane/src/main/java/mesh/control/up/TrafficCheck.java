package mesh.control.up;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;

/**
 * Sends requests through the mesh and looks at what comes back.
 *
 * @param requests  how many
 * @param instances how many each instance of payments has answered
 * @param callers   who payments was called by, as the certificates proved it, and how often
 * @param failures  what went wrong, a line each
 */
record TrafficCheck(int requests, Map<String, Integer> instances, Map<String, Integer> callers, List<String> failures) {

    private static final Pattern ANSWER = Pattern.compile("\\{\"instance\":\"([^\"]+)\",\"caller\":\"([^\"]*)\"}\\s*");
    private static final String WEB = "spiffe://mesh.local/web";

    static TrafficCheck run(Address webIn, int requests) throws InterruptedException {
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        URI uri = URI.create("http://" + webIn + "/pay");
        Map<String, Integer> instances = new TreeMap<>();
        Map<String, Integer> callers = new TreeMap<>();
        List<String> failures = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            try {
                HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString());
                Matcher parts = ANSWER.matcher(answer.body());
                if (answer.statusCode() != 200 || !parts.matches()) {
                    failures.add("request " + (i + 1) + ": " + answer.statusCode() + " " + answer.body().strip());
                    continue;
                }
                instances.merge(parts.group(1), 1, Integer::sum);
                callers.merge(parts.group(2), 1, Integer::sum);
            } catch (IOException e) {
                failures.add("request " + (i + 1) + ": " + e);
            }
        }
        return new TrafficCheck(requests, instances, callers, failures);
    }

    /** What is not as configured; empty when all is. */
    List<String> problems() {
        List<String> problems = new ArrayList<>(failures);
        if (!callers.equals(Map.of(WEB, requests))) problems.add("callers of payments: " + callers + " (expected: " + WEB + " only)");
        int weights = ExampleConfig.WEIGHTS.values().stream().mapToInt(Integer::intValue).sum();
        ExampleConfig.WEIGHTS.forEach((instance, weight) -> {
            int share = instances.getOrDefault(instance, 0);
            int expected = requests * weight / weights;
            if (Math.abs(share - expected) > Math.max(1, requests / 20)) {
                problems.add(instance + " answered " + share + " of " + requests + " (expected: about " + expected + ", weight " + weight + ")");
            }
        });
        return problems;
    }
}
