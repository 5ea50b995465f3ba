package mesh.proxy.state;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mesh.disk.DurableFile;
import mesh.model.BanList;
import mesh.model.SpiffeId;

/** Who is banned, over restarts: one line each, {@code id spiffe://…} or {@code serial 1f…}. No file where nobody is. */
final class BanFile {

    private static final String ID = "id ", SERIAL = "serial ";

    private BanFile() {}

    /** @throws IOException naming the file and the line that is none of ours: who was banned must not come back by a damaged file */
    static BanList read(Path file) throws IOException {
        if (!Files.exists(file)) return BanList.NONE;
        Set<SpiffeId> identities = new HashSet<>();
        Set<BigInteger> serials = new HashSet<>();
        List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            try {
                if (line.startsWith(ID)) identities.add(SpiffeId.parse(line.substring(ID.length())));
                else if (line.startsWith(SERIAL)) serials.add(new BigInteger(line.substring(SERIAL.length()), 16));
                else throw new IllegalArgumentException("\"" + line + "\"");
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ":" + (i + 1) + ": " + e.getMessage() + " (expected: \"id\" or \"serial\" and whom it bans)", e);
            }
        }
        return new BanList(identities, serials);
    }

    static void write(Path file, BanList bans) throws IOException {
        if (bans.isEmpty()) {
            DurableFile.delete(file);
            return;
        }
        String text = Stream.concat(bans.identities().stream().map(id -> ID + id), bans.serials().stream().map(serial -> SERIAL + serial.toString(16)))
            .sorted().collect(Collectors.joining("\n", "", "\n"));
        DurableFile.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
