package mesh.control.cli;

import com.google.protobuf.Timestamp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mesh.control.cli.CheckCommand.Finding;
import mesh.model.Address;
import mesh.v1.Authority;
import mesh.v1.CaStatus;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.ListSidecarsResponse;
import mesh.v1.SidecarStatus;

/** What {@code mesh check} holds against what it is told; each check knows one thing. */
final class MeshChecks {

    /** Certificates are backdated by a minute, so a clock that is further behind refuses them. */
    private static final Duration MOST_SKEW = Duration.ofSeconds(30);
    /** An intermediate is replaced at half of its 365 days: one this old was not. */
    private static final Duration INTERMEDIATE_LEFT = Duration.ofDays(30);
    /** For a rotation, which has to reach everybody. */
    private static final Duration ROOT_LEFT = Duration.ofDays(180);
    private static final int CONNECTIONS_AT_ONCE = 16;

    private MeshChecks() {}

    static List<Finding> sidecars(ListSidecarsResponse response) {
        List<Finding> found = new ArrayList<>();
        for (SidecarStatus each : response.getSidecarsList()) {
            if (each.hasLastRejection()) {
                found.add(new Finding("REJECTED", each.getNode(),
                    "rejected version " + each.getLastRejection().getVersion() + ": " + each.getLastRejection().getMessage()));
            } else if (each.getConnected() && each.getAcknowledgedVersion() < each.getSentVersion()) {
                found.add(new Finding("UNACKNOWLEDGED", each.getNode(),
                    "has acknowledged version " + each.getAcknowledgedVersion() + " (expected: " + each.getSentVersion() + ", which it was sent)"));
            }
        }
        return found;
    }

    /** Of sidecars: certificates and tokens are good by their clocks. */
    static List<Finding> clocks(ListSidecarsResponse response) {
        List<Finding> found = new ArrayList<>();
        for (SidecarStatus each : response.getSidecarsList()) {
            long ahead = each.getClockAhead().getSeconds();
            if (each.getConnected() && Math.abs(ahead) > MOST_SKEW.toSeconds()) {
                found.add(new Finding("CLOCK_SKEW", each.getNode(), "its clock is " + Math.abs(ahead) + "s " + (ahead > 0 ? "ahead of" : "behind")
                    + " the control plane's (expected: at most " + MOST_SKEW.toSeconds() + "s)"));
            }
        }
        return found;
    }

    /** @param asked by this machine's clock, and when the answer was there: the control plane's was taken in between */
    static List<Finding> clock(Instant controlPlane, Instant asked, Instant answered) {
        Duration skew = controlPlane.isBefore(asked) ? Duration.between(controlPlane, asked)
            : controlPlane.isAfter(answered) ? Duration.between(answered, controlPlane) : Duration.ZERO;
        return skew.compareTo(MOST_SKEW) <= 0 ? List.of() : List.of(new Finding("CLOCK_SKEW", "control plane",
            "its clock says " + controlPlane + ", this machine's " + answered + " (expected: at most " + MOST_SKEW.toSeconds() + "s apart)"));
    }

    static List<Finding> authority(CaStatus status, Instant now) {
        List<Finding> found = new ArrayList<>();
        for (Authority each : status.getAuthoritiesList()) {
            expires(found, "root " + each.getNumber(), each.getRootNotAfter(), ROOT_LEFT, now);
            if (each.hasIntermediateNotAfter()) {
                expires(found, "intermediate " + each.getNumber(), each.getIntermediateNotAfter(), INTERMEDIATE_LEFT, now);
            }
        }
        return found;
    }

    private static void expires(List<Finding> found, String what, Timestamp notAfter, Duration least, Instant now) {
        Instant end = instant(notAfter);
        if (end.isBefore(now.plus(least))) {
            found.add(new Finding("CERTIFICATE_EXPIRES", what, (end.isBefore(now) ? "expired at " : "expires at ") + end
                + " (expected: " + least.toDays() + " days left)"));
        }
    }

    /** Of the configuration alone. */
    static List<Finding> endpoints(Config config) {
        List<Finding> found = new ArrayList<>();
        for (Cluster cluster : config.getClustersList()) {
            if (!cluster.getType().isEmpty() && cluster.getEndpointsCount() == 0) {
                // It has none of its own.
                continue;
            }
            boolean serves = cluster.getEndpointsList().stream().anyMatch(each -> each.getHealth().isEmpty() || each.getHealth().equals("healthy"));
            if (!serves) {
                found.add(new Finding("NO_ENDPOINT", "cluster " + cluster.getName(), cluster.getEndpointsCount() == 0
                    ? "has no endpoints" : "has no endpoint that is marked healthy"));
            }
        }
        return found;
    }

    /** From this machine, some at a time. */
    static List<Finding> connections(Config config, Duration timeout) {
        ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS_AT_ONCE);
        try {
            Set<String> addresses = new LinkedHashSet<>();
            config.getClustersList().forEach(cluster -> cluster.getEndpointsList().stream().map(Endpoint::getAddress).forEach(addresses::add));
            List<Future<List<Finding>>> tries = addresses.stream().map(address -> threads.submit(() -> connection(address, timeout))).toList();
            List<Finding> found = new ArrayList<>();
            for (Future<List<Finding>> each : tries) {
                found.addAll(each.get());
            }
            return found;
        } catch (InterruptedException | ExecutionException e) {
            throw new CommandFailure("connecting to endpoints failed: " + e.getMessage());
        } finally {
            threads.shutdownNow();
        }
    }

    private static List<Finding> connection(String text, Duration timeout) {
        Address address = Address.parse(text);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.host(), address.port()), (int) timeout.toMillis());
            return List.of();
        } catch (IOException e) {
            return List.of(new Finding("UNREACHABLE", "endpoint " + text, "cannot be connected to from here: " + e.getMessage()));
        }
    }

    static Instant instant(Timestamp at) {
        return Instant.ofEpochSecond(at.getSeconds(), at.getNanos());
    }
}
