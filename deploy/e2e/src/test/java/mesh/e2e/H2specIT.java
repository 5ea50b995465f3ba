package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import mesh.model.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** h2spec, all its cases and the strict ones, against a sidecar. */
class H2specIT {

    /**
     * Section 3.5: sends what is no preface and wants the connection closed without a word. On a port that serves HTTP/1.1 as well, it is
     * a malformed request of that, and is closed after a 400.
     */
    private static final String NO_PREFACE = "http2/3.5: Sends invalid connection preface";
    private static final int CASES = 140;

    @TempDir
    private Path dir;
    private final Address plain;
    private final Address mutual;
    private Judge h2spec;
    private Identities identities;
    private HttpService application;
    private SidecarProcess sidecar;

    H2specIT() throws Exception {
        plain = Ports.free();
        mutual = Ports.free();
    }

    @BeforeEach
    void start() throws Exception {
        h2spec = Judge.find("h2spec", "go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible");
        identities = new Identities(dir.resolve("identities"));
        application = new HttpService("hello");
        sidecar = SidecarProcess.of(Files.writeString(dir.resolve("mesh.yaml"), """
            listeners:
              - {name: plain, listen: "%s", cluster: app}
              - {name: mutual, listen: "%s", cluster: app, tls: {}}
            clusters:
              - {name: app, endpoints: [{address: "%s"}], protocol: http1}
            %s
            """.formatted(plain, mutual, application.address(), identities.yaml("payments"))));
    }

    @AfterEach
    void stop() {
        if (sidecar != null) sidecar.close();
        if (application != null) application.close();
    }

    @Test
    void findsNothingInPlaintext() throws Exception {
        assertThat(failures(plain)).isSubsetOf(NO_PREFACE);
    }

    @Test
    void findsNothingOverTls() throws Exception {
        try (TlsRelay relay = new TlsRelay(mutual, identities.svid("web"))) {
            assertThat(failures(relay.address(), "--tls", "--insecure")).isEmpty();
        }
    }

    /** Section and title of every case that did not pass. */
    private Set<String> failures(Address target, String... options) throws Exception {
        Path report = dir.resolve("report.xml");
        String[] words = {"--strict", "--host", target.host(), "--port", Integer.toString(target.port()), "--junit-report", report.toString()};
        String[] all = new String[words.length + options.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(options, 0, all, words.length, options.length);
        Judge.Verdict verdict = h2spec.ask("", all);
        assertThat(report).as(verdict.text()).exists();

        NodeList cases = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(report.toFile()).getElementsByTagName("testcase");
        assertThat(cases.getLength()).as("cases that were tried").isGreaterThan(CASES);
        Set<String> failures = new HashSet<>();
        for (int i = 0; i < cases.getLength(); i++) {
            Element each = (Element) cases.item(i);
            if (each.getElementsByTagName("*").getLength() > 0) failures.add(each.getAttribute("package") + ": " + each.getAttribute("classname"));
        }
        return failures;
    }
}
