package mesh.dns;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A name server on a loopback port, by UDP and TCP (RFC 1035): names that it was told have records, all others do not exist. What does not fit into 512
 * bytes is cut off by UDP.
 */
public final class NameServer implements AutoCloseable {

    private static final int A = 1;
    private static final int CNAME = 5;
    private static final int AAAA = 28;
    private static final int SRV = 33;
    private static final int NXDOMAIN = 3;
    private static final int UDP_BYTES = 512;

    private record Key(String name, int type) {}

    private record Zone(List<byte[]> data, int ttl) {}

    private final Map<Key, Zone> zones = new ConcurrentHashMap<>();
    private final Map<String, Integer> codes = new ConcurrentHashMap<>();
    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private volatile boolean silent;

    public NameServer() {
        try {
            tcp = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            udp = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcp.getLocalPort()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::serveUdp);
        start(this::serveTcp);
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "name-server");
        thread.setDaemon(true);
        thread.start();
    }

    public int port() {
        return udp.getLocalPort();
    }

    /** IPv4 and IPv6 addresses of a host, in place of those before; none leaves the name without any. */
    public void host(String name, int ttl, String... addresses) {
        List<byte[]> v4 = new ArrayList<>();
        List<byte[]> v6 = new ArrayList<>();
        for (String each : addresses) {
            try {
                byte[] bytes = InetAddress.getByName(each).getAddress();
                (bytes.length == 4 ? v4 : v6).add(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        zones.put(new Key(name, A), new Zone(v4, ttl));
        zones.put(new Key(name, AAAA), new Zone(v6, ttl));
    }

    /** @param services {@code "priority weight port target"} */
    public void service(String name, int ttl, String... services) {
        List<byte[]> data = new ArrayList<>();
        for (String each : services) {
            String[] parts = each.split(" ");
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            try {
                for (int i = 0; i < 3; i++) out.writeShort(Integer.parseInt(parts[i]));
                writeName(out, parts[3]);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            data.add(bytes.toByteArray());
        }
        zones.put(new Key(name, SRV), new Zone(data, ttl));
    }

    /** Makes it another name of that one. */
    public void alias(String name, int ttl, String other) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writeName(new DataOutputStream(bytes), other);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        zones.put(new Key(name, CNAME), new Zone(List.of(bytes.toByteArray()), ttl));
    }

    /** Forgets the name: it does not exist. */
    public void remove(String name) {
        zones.keySet().removeIf(key -> key.name.equals(name));
    }

    /** Answers with a code in place of records; 2 is SERVFAIL, 0 ends it. */
    public void fail(String name, int code) {
        if (code == 0) codes.remove(name);
        else codes.put(name, code);
    }

    public void silent(boolean is) {
        silent = is;
    }

    private void serveUdp() {
        byte[] buffer = new byte[4096];
        while (!udp.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                udp.receive(packet);
                if (silent) continue;
                byte[] answer = answer(ByteBuffer.wrap(buffer, 0, packet.getLength()), UDP_BYTES);
                udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            } catch (IOException e) {
                // Closed, or nobody is there to be answered.
            }
        }
    }

    private void serveTcp() {
        while (!tcp.isClosed()) {
            try (Socket client = tcp.accept()) {
                DataInputStream in = new DataInputStream(client.getInputStream());
                byte[] query = in.readNBytes(in.readUnsignedShort());
                if (silent) continue;
                byte[] answer = answer(ByteBuffer.wrap(query), 65535);
                DataOutputStream out = new DataOutputStream(client.getOutputStream());
                out.writeShort(answer.length);
                out.write(answer);
                out.flush();
            } catch (IOException e) {
                // Closed, or the client is gone.
            }
        }
    }

    private byte[] answer(ByteBuffer query, int limit) throws IOException {
        int id = query.getShort() & 0xffff;
        query.position(query.position() + 10);
        int start = query.position();
        StringBuilder name = new StringBuilder();
        for (int length = query.get(); length > 0; length = query.get()) {
            byte[] label = new byte[length];
            query.get(label);
            name.append(name.isEmpty() ? "" : ".").append(new String(label, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT));
        }
        int type = query.getShort();
        query.getShort();
        byte[] question = new byte[query.position() - start];
        query.get(start, question);

        String asked = name.toString();
        boolean known = zones.keySet().stream().anyMatch(key -> key.name.equals(asked));
        int code = codes.getOrDefault(asked, known ? 0 : NXDOMAIN);
        boolean alias = zones.containsKey(new Key(asked, CNAME));
        int answered = alias ? CNAME : type;
        Zone zone = code != 0 ? null : zones.get(new Key(asked, answered));
        byte[] whole = message(id, code, question, answered, zone, false);
        return whole.length <= limit ? whole : message(id, code, question, answered, null, true);
    }

    private static byte[] message(int id, int code, byte[] question, int type, Zone zone, boolean cutOff) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(id);
        // A response, authoritative, recursion desired and there.
        out.writeShort(0x8580 | (cutOff ? 0x0200 : 0) | code);
        out.writeShort(1);
        out.writeShort(zone == null ? 0 : zone.data.size());
        out.writeInt(0);
        out.write(question);
        if (zone != null) {
            for (byte[] each : zone.data) {
                // The name is the question's.
                out.writeShort(0xc00c);
                out.writeShort(type);
                out.writeShort(1);
                out.writeInt(zone.ttl);
                out.writeShort(each.length);
                out.write(each);
            }
        }
        return bytes.toByteArray();
    }

    private static void writeName(DataOutputStream out, String name) throws IOException {
        for (String label : name.split("\\.")) {
            if (label.isEmpty()) continue;
            out.writeByte(label.length());
            out.writeBytes(label);
        }
        out.writeByte(0);
    }

    @Override
    public void close() {
        udp.close();
        try {
            tcp.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
