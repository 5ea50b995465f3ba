package mesh.control.up;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
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

    /** Sends one request. */
    @FunctionalInterface
    private interface Client {
        /** @return what payments has answered; an exception's text is for the user */
        String send() throws IOException, InterruptedException;
    }

    private static final Pattern ANSWER = Pattern.compile("\\{\"instance\":\"([^\"]+)\",\"caller\":\"([^\"]*)\"}\\s*");
    private static final String WEB = "spiffe://mesh.local/web";

    /** By HTTP/1.1, to web, which asks payments. */
    static TrafficCheck requests(Address webIn, int requests) throws InterruptedException {
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest pay = HttpRequest.newBuilder(URI.create("http://" + webIn + "/pay")).timeout(Duration.ofSeconds(10)).build();
        return run(requests, () -> {
            HttpResponse<String> answer = http.send(pay, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) throw new IOException(answer.statusCode() + " " + answer.body().strip());
            return answer.body();
        });
    }

    /** By gRPC, as web, to payments, all on one connection to web's sidecar. */
    static TrafficCheck calls(Address webOut, int calls) throws InterruptedException {
        ManagedChannel sidecar = ExampleCalls.channel(webOut);
        try {
            return run(calls, () -> {
                try {
                    return ExampleCalls.pay(sidecar);
                } catch (StatusRuntimeException e) {
                    throw new IOException(e.getMessage());
                }
            });
        } finally {
            sidecar.shutdownNow();
        }
    }

    private static TrafficCheck run(int requests, Client client) throws InterruptedException {
        Map<String, Integer> instances = new TreeMap<>();
        Map<String, Integer> callers = new TreeMap<>();
        List<String> failures = new ArrayList<>();
        for (int i = 1; i <= requests; i++) {
            try {
                String answer = client.send();
                Matcher parts = ANSWER.matcher(answer);
                if (!parts.matches()) throw new IOException(answer.strip());
                instances.merge(parts.group(1), 1, Integer::sum);
                callers.merge(parts.group(2), 1, Integer::sum);
            } catch (IOException e) {
                failures.add("request " + i + ": " + e.getMessage());
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
