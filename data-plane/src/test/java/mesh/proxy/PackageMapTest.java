package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mesh.proxy.telemetry.Metric;
import org.junit.jupiter.api.Test;

/** Keeps README.md true: who imports whom, and which metrics there are. */
class PackageMapTest {

    private static final Path SOURCES = Path.of("src/main/java/mesh/proxy");
    private static final Pattern ROW = Pattern.compile("^\\| (\\d) \\| ((?:`[a-z0-9.]+` ?)+)\\|([^|]*)\\|$");
    /** A test as the table of rules names it. */
    private static final Pattern TEST = Pattern.compile("`((?:[a-z0-9]+/)*[A-Z][A-Za-z0-9]+(?:Test|IT))#([A-Za-z0-9]+)`");
    private static final Pattern IMPORT = Pattern.compile("^import (?:static )?mesh\\.proxy\\.(?:([a-z0-9]+)\\.)?[A-Z]");

    @Test
    void everyPackageStandsInTheMapAndImportsOnlyLowerOnes() throws IOException {
        Map<String, Integer> levels = new HashMap<>();
        Set<String> exceptions = new HashSet<>();
        for (String line : Files.readAllLines(Path.of("README.md"))) {
            Matcher row = ROW.matcher(line);
            if (!row.matches()) continue;
            words(row.group(2)).forEach(name -> levels.put(name, Integer.parseInt(row.group(1))));
            for (String exception : row.group(3).split(";")) {
                List<String> names = words(exception);
                names.stream().skip(1).forEach(name -> exceptions.add(names.get(0) + " imports " + name));
            }
        }
        assertThat(levels.keySet()).isEqualTo(packages());

        List<String> wrong = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                // Where the JVM begins stands above everything.
                if (file.getFileName().toString().equals("Main.java")) continue;
                String from = name(SOURCES.relativize(file).getParent());
                for (String line : Files.readAllLines(file)) {
                    Matcher matcher = IMPORT.matcher(line);
                    if (!matcher.find()) continue;
                    String to = matcher.group(1) == null ? "." : matcher.group(1);
                    boolean allowed = from.equals(to) || levels.get(to) < levels.get(from) || exceptions.contains(from + " imports " + to);
                    if (!allowed) wrong.add(file + ": " + line);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void everyMetricStandsInItsTable() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        for (Metric metric : Metric.values()) assertThat(readme).contains("| `" + metric.text() + "` |");
    }

    @Test
    void everyTestThatHoldsARuleIsThere() throws IOException {
        Map<String, String> tests = new HashMap<>();
        for (String module : List.of("src-shared", "control-plane", "data-plane", "deploy/e2e")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src/test/java"))) {
                for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) tests.put(file.toString(), Files.readString(file));
            }
        }
        List<String> missing = new ArrayList<>();
        int named = 0;
        for (Matcher name = TEST.matcher(Files.readString(Path.of("README.md"))); name.find(); named++) {
            String end = "/" + name.group(1) + ".java";
            String method = "void " + name.group(2) + "(";
            if (tests.entrySet().stream().noneMatch(file -> file.getKey().endsWith(end) && file.getValue().contains(method))) missing.add(name.group());
        }
        assertThat(missing).isEmpty();
        assertThat(named).isGreaterThan(20);
    }

    private static Set<String> packages() throws IOException {
        Set<String> packages = new HashSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            files.filter(each -> each.toString().endsWith(".java")).forEach(file -> packages.add(name(SOURCES.relativize(file).getParent())));
        }
        return packages;
    }

    private static String name(Path directory) {
        return directory == null ? "." : directory.toString();
    }

    private static List<String> words(String cell) {
        return Arrays.stream(cell.split("`")).filter(each -> each.matches("[a-z0-9.]+")).toList();
    }
}
