package mesh.proxy.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import mesh.config.ConfigReader;
import mesh.config.ConfigResult;
import mesh.config.SidecarConfig;
import mesh.model.Address;
import mesh.proxy.Sidecar;
import mesh.proxy.admin.ExplainPage;
import mesh.proxy.explain.Explainer;
import mesh.proxy.explain.Explanation;
import mesh.proxy.explain.ExplanationText;
import mesh.proxy.explain.Question;
import mesh.time.Env;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh explain}: what becomes of a request, and why; asks a sidecar that runs, or a file. */
@Command(
    name = "explain",
    description = {"Says which listener, virtual host, route, cluster and endpoints serve a request, and why no route before it does.", ""},
    footer = {"", "Exit codes: 0 it is served, by an upstream or as its route says; 1 it is refused; 2 wrong usage, an invalid file, no such listener, or "
        + "nobody to ask.", "", "Examples:", "  mesh explain payments/v1/pay", "  mesh explain --config mesh.yaml -H 'x-canary: true' 'shop/cart?page=2'"},
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION,
    sortOptions = false)
final class ExplainCommand implements Callable<Integer> {

    private static final int REFUSED = 1;
    private static final int NO_ANSWER = 2;
    private static final int PATIENCE_MILLIS = 5_000;
    private static final Address ADMIN = new Address("127.0.0.1", 15_000);

    enum Output { text, json }

    /** Who is asked. */
    static final class Source {

        @Option(names = "--config", paramLabel = "FILE", description = "explain what this file would do, without a sidecar")
        private Path config;

        @Option(names = "--admin", paramLabel = "HOST:PORT", description = "of the sidecar to ask; default: 127.0.0.1:15000")
        private Address admin = ADMIN;
    }

    @Parameters(paramLabel = "URL", arity = "0..1", defaultValue = "",
        description = "what is asked for: [http://]HOST[:PORT][/PATH][?QUERY]; none for a TCP listener")
    private String url;

    @ArgGroup
    private Source source = new Source();

    @Option(names = "--listener", paramLabel = "NAME", description = "where the request comes to; default: the only one")
    private String listener;

    @Option(names = {"-X", "--method"}, paramLabel = "METHOD", defaultValue = "GET", description = "default: ${DEFAULT-VALUE}")
    private String method;

    @Option(names = {"-H", "--header"}, paramLabel = "'NAME: VALUE'", description = "repeatable")
    private List<String> headers = List.of();

    @Option(names = {"-o", "--output"}, paramLabel = "FORMAT", defaultValue = "text", description = "text or json; default: ${DEFAULT-VALUE}")
    private Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        try {
            return source.config == null ? askSidecar() : askFile(source.config);
        } catch (IllegalArgumentException e) {
            return failed(e.getMessage());
        }
    }

    private int askFile(Path file) {
        ConfigResult result;
        try {
            result = ConfigReader.read(file);
        } catch (NoSuchFileException e) {
            return failed(file + ": no such file (expected: a YAML file)");
        } catch (IOException e) {
            return failed(file + ": cannot be read: " + e.getMessage() + " (expected: a YAML file)");
        }
        if (result instanceof ConfigResult.Invalid invalid) {
            invalid.problems().forEach(spec.commandLine().getErr()::println);
            return NO_ANSWER;
        }
        SidecarConfig config = ((ConfigResult.Valid) result).config();
        try (Sidecar sidecar = new Sidecar(Env.system(), 1)) {
            Explanation told = new Explainer(sidecar.rehearse(config.snapshot()), Map.of(), config.places(), Optional.empty()).explain(question());
            return told(output == Output.json ? ExplainPage.json(told) : ExplanationText.of(told), told.outcome().isServed());
        }
    }

    private Question question() {
        return new Question(Optional.ofNullable(listener), method, host(), target(), headers);
    }

    private int askSidecar() {
        Address admin = source.admin.host().isEmpty() ? new Address(ADMIN.host(), source.admin.port()) : source.admin;
        try {
            HttpURLConnection asked = (HttpURLConnection) URI.create("http://" + admin + "/explain?" + query()).toURL().openConnection(Proxy.NO_PROXY);
            asked.setConnectTimeout(PATIENCE_MILLIS);
            asked.setReadTimeout(PATIENCE_MILLIS);
            boolean understood = asked.getResponseCode() == HttpURLConnection.HTTP_OK;
            String answer = read(understood ? asked.getInputStream() : asked.getErrorStream());
            String served = asked.getHeaderField(ExplainPage.SERVED);
            if (understood && served != null) return told(answer, Boolean.parseBoolean(served));
            boolean refused = asked.getResponseCode() == HttpURLConnection.HTTP_BAD_REQUEST;
            return failed(refused ? answer.strip() : admin + ": answered with " + asked.getResponseCode() + " (expected: a sidecar's admin)");
        } catch (ConnectException | SocketTimeoutException e) {
            return failed(admin + ": nobody answers (expected: a sidecar's admin; --admin HOST:PORT for another one, --config FILE for none)");
        } catch (IOException e) {
            return failed(admin + ": " + e.getMessage() + " (expected: a sidecar's admin)");
        }
    }

    private static String read(InputStream body) throws IOException {
        return body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }

    private String query() {
        List<String> words = new ArrayList<>();
        words.add("format=" + output);
        words.add("method=" + encoded(method));
        words.add("host=" + encoded(host()));
        words.add("path=" + encoded(target()));
        if (listener != null) words.add("listener=" + encoded(listener));
        headers.forEach(header -> words.add("header=" + encoded(header)));
        return String.join("&", words);
    }

    private static String encoded(String word) {
        return URLEncoder.encode(word, StandardCharsets.UTF_8);
    }

    private String host() {
        String rest = withoutScheme();
        return rest.substring(0, endOfHost(rest));
    }

    private String target() {
        String rest = withoutScheme();
        String target = rest.substring(endOfHost(rest));
        return target.startsWith("/") || target.equals("*") ? target : "/" + target;
    }

    private String withoutScheme() {
        return url.replaceFirst("^(http|https|grpc|grpcs)://", "");
    }

    private static int endOfHost(String rest) {
        for (int i = 0; i < rest.length(); i++) {
            if ("/?#".indexOf(rest.charAt(i)) >= 0) return i;
        }
        return rest.length();
    }

    private int told(String explanation, boolean served) {
        spec.commandLine().getOut().print(explanation);
        spec.commandLine().getOut().flush();
        return served ? 0 : REFUSED;
    }

    private int failed(String why) {
        spec.commandLine().getErr().println("mesh: " + why);
        return NO_ANSWER;
    }
}
