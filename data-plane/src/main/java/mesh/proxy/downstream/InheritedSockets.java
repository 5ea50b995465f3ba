package mesh.proxy.downstream;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Listening sockets that whoever started this process has opened for it: socket activation, as systemd has it ({@code sd_listen_fds(3)}). */
public final class InheritedSockets {

    private static final int FIRST = 3, MOST = 1_000, NON_BLOCKING = 04000;

    private InheritedSockets() {}

    /**
     * Their file descriptors.
     *
     * @param environment {@code LISTEN_FDS} says how many there are, {@code LISTEN_PID} whose they are
     * @param pid         of this process
     * @return empty where nothing was handed over
     * @throws IOException where one is not as it has to be, saying what to do
     */
    public static List<Integer> descriptors(Map<String, String> environment, long pid) throws IOException {
        String count = environment.get("LISTEN_FDS");
        if (count == null || !Long.toString(pid).equals(environment.get("LISTEN_PID"))) return List.of();
        if (!count.matches("[0-9]{1,4}") || Integer.parseInt(count) > MOST) {
            throw new IOException("LISTEN_FDS: \"" + count + "\" (expected: a number of sockets, at most " + MOST + ")");
        }
        List<Integer> all = IntStream.range(FIRST, FIRST + Integer.parseInt(count)).boxed().toList();
        for (int each : all) {
            checkSocket(each);
            checkNonBlocking(each);
        }
        return all;
    }

    private static void checkSocket(int descriptor) throws IOException {
        Path link = Path.of("/proc/self/fd/" + descriptor);
        String what = Files.isSymbolicLink(link) ? Files.readSymbolicLink(link).toString() : "nothing";
        if (!what.startsWith("socket:")) throw new IOException("LISTEN_FDS: file descriptor " + descriptor + " is " + what + " (expected: a listening socket)");
    }

    /** An event loop that waited in {@code accept} would serve nobody else meanwhile. */
    private static void checkNonBlocking(int descriptor) throws IOException {
        Path info = Path.of("/proc/self/fdinfo/" + descriptor);
        boolean nonBlocking = Files.readAllLines(info).stream().filter(line -> line.startsWith("flags:"))
            .anyMatch(line -> (Long.parseLong(line.substring(6).strip(), 8) & NON_BLOCKING) != 0);
        if (!nonBlocking) throw new IOException("LISTEN_FDS: file descriptor " + descriptor + " blocks (expected: NonBlocking=true in the service's unit)");
    }
}
