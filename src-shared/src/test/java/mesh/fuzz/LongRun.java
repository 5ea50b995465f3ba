package mesh.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Gives each fuzz target of a module to Jazzer, one after the other, each in a JVM of its own: a search that follows what the code did.
 * What it learns stays in {@code target/fuzz/<Subject>} for the next run; an input that fails is written to {@code target/fuzz}.
 */
public final class LongRun {

    private static final String JAZZER = "com.code_intelligence.jazzer.Jazzer";
    /** What it follows: ours, and what reads strangers' bytes for us. */
    private static final String FOLLOWED = "mesh.**:org.bouncycastle.**:org.yaml.snakeyaml.**:io.netty.handler.**";

    private LongRun() {}

    /** @param args the directory of the test classes, seconds for each target, a seed or "random", and a part of the names of targets or "" */
    public static void main(String[] args) throws IOException, InterruptedException {
        String wanted = args.length > 3 ? args[3] : "";
        long seed = args[2].equals("random") ? Integer.toUnsignedLong(RandomGenerator.getDefault().nextInt()) : Long.parseLong(args[2]);
        List<String> failed = new ArrayList<>();
        for (String target : targets(Path.of(args[0]), wanted)) {
            System.out.println("fuzz: " + target + ", " + args[1] + " s, seed " + seed);
            if (run(target, args[1], seed) != 0) failed.add(target);
        }
        if (!failed.isEmpty()) {
            System.err.println("fuzz: failed: " + String.join(", ", failed) + "; their inputs are in target/fuzz; again with -Dfuzz.seed=" + seed);
            System.exit(1);
        }
    }

    private static List<String> targets(Path classes, String wanted) throws IOException {
        try (Stream<Path> files = Files.walk(classes)) {
            return files.map(file -> classes.relativize(file).toString())
                .filter(name -> name.endsWith(ShortRun.SUFFIX + ".class") && name.contains(wanted))
                .map(name -> name.replace(".class", "").replace('/', '.')).sorted().toList();
        }
    }

    private static int run(String target, String seconds, long seed) throws IOException, InterruptedException {
        String subject = target.substring(target.lastIndexOf('.') + 1).replace(ShortRun.SUFFIX, "");
        Path learnt = Files.createDirectories(Path.of("target", "fuzz", subject));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC", "-XX:-OmitStackTraceInFastThrow", "-Xmx512m", "-cp", System.getProperty("java.class.path"), JAZZER,
            "--target_class=" + target, "--instrumentation_includes=" + FOLLOWED, "--custom_hook_includes=" + FOLLOWED,
            "--reproducer_path=target/fuzz", "-artifact_prefix=target/fuzz/", "-max_total_time=" + seconds, "-seed=" + seed, "-timeout=10",
            "-rss_limit_mb=2048", "-print_final_stats=1", learnt.toString(), ShortRun.CORPORA.resolve(subject).toString())
            .inheritIO().start();
        return process.waitFor();
    }
}
