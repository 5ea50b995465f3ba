package mesh.control.cli;

import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientConfig.GenericXdsConfig;
import io.envoyproxy.envoy.service.status.v3.ClientStatusDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusResponse;
import io.envoyproxy.envoy.type.matcher.v3.NodeMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import mesh.xds.ResourceType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh proxy-config}: what a connected sidecar was sent, resource by resource. */
@Command(
    name = "proxy-config",
    description = "Shows the configuration that a connected sidecar, Envoy or gRPC client was sent.",
    mixinStandardHelpOptions = true)
final class ProxyConfigCommand implements Runnable {

    /** What can be asked for. */
    enum Kind {
        listeners(ResourceType.LISTENER),
        routes(ResourceType.ROUTES),
        clusters(ResourceType.CLUSTER),
        endpoints(ResourceType.ENDPOINTS),
        secrets(ResourceType.TRUST);

        final ResourceType type;

        Kind(ResourceType type) {
            this.type = type;
        }
    }

    @Mixin
    private Client client;

    @Parameters(index = "0", paramLabel = "NODE", description = "as it calls itself")
    private String node;

    @Parameters(index = "1", arity = "0..1", paramLabel = "KIND",
        description = "listeners, routes, clusters, endpoints or secrets (default: all of them)")
    private Kind kind;

    @Option(names = "-o", paramLabel = "FORM", defaultValue = "table",
        description = "table, or json: Envoy's ClientStatusResponse (default: ${DEFAULT-VALUE})")
    private Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        ClientStatusRequest request = ClientStatusRequest.newBuilder()
            .addNodeMatchers(NodeMatcher.newBuilder().setNodeId(StringMatcher.newBuilder().setExact(node)))
            .build();
        ClientStatusResponse response = chosen(client.with(channel ->
            client.bounded(ClientStatusDiscoveryServiceGrpc.newBlockingStub(channel)).fetchClientStatus(request)));
        if (response.getConfigCount() == 0) {
            throw new CommandFailure("no sidecar \"" + node + "\" is connected (expected: one that `mesh proxy-status` shows)");
        }
        PrintWriter out = spec.commandLine().getOut();
        if (output == Output.json) {
            out.println(XdsJson.of(response));
        } else {
            response.getConfigList().forEach(config -> tell(config, out));
        }
        out.flush();
    }

    private ClientStatusResponse chosen(ClientStatusResponse all) {
        if (kind == null) {
            return all;
        }
        ClientStatusResponse.Builder chosen = all.toBuilder();
        chosen.getConfigBuilderList().forEach(config -> {
            List<GenericXdsConfig> kept = of(config.build(), kind);
            config.clearGenericXdsConfigs().addAllGenericXdsConfigs(kept);
        });
        return chosen.build();
    }

    private static List<GenericXdsConfig> of(ClientConfig config, Kind kind) {
        return config.getGenericXdsConfigsList().stream().filter(each -> each.getTypeUrl().equals(kind.type.typeUrl())).toList();
    }

    private void tell(ClientConfig config, PrintWriter out) {
        String separator = "";
        for (Kind each : kind == null ? List.of(Kind.values()) : List.of(kind)) {
            List<GenericXdsConfig> resources = of(config, each);
            List<List<String>> rows = Stream.concat(Stream.of(XdsTables.head(each)), resources.stream().flatMap(r -> XdsTables.rows(each, r).stream()))
                .toList();
            out.print(separator + (kind == null ? each.name().toUpperCase(Locale.ROOT) + "\n" : "") + Output.table(rows));
            separator = "\n";
        }
        config.getGenericXdsConfigsList().stream().filter(GenericXdsConfig::hasErrorState)
            .map(each -> "rejected version " + each.getErrorState().getVersionInfo() + ": " + each.getErrorState().getDetails())
            .distinct().forEach(out::println);
    }
}
