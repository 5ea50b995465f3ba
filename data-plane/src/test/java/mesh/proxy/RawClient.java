package mesh.proxy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import mesh.model.Address;

/** A peer that says and hears exactly what a test wants, byte by byte: a client, or what a {@link RawServer} has accepted. */
public final class RawClient implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    public RawClient(Address address) {
        this(connect(address));
    }

    RawClient(Socket connected) {
        try {
            socket = connected;
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            in = socket.getInputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Socket connect(Address address) {
        try {
            return new Socket(address.host(), address.port());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public RawClient send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public RawClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Ends our half. */
    public RawClient finish() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Reads until what was read ends with that text; fails at the end of the stream or after ten seconds. */
    public String readTo(String end) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        while (!read.toString(StandardCharsets.ISO_8859_1).endsWith(end)) {
            int next;
            try {
                next = in.read();
            } catch (SocketTimeoutException e) {
                throw new IOException("nothing more came after \"" + read.toString(StandardCharsets.ISO_8859_1) + "\" (expected: " + end + ")");
            }
            if (next < 0) throw new IOException("closed after \"" + read.toString(StandardCharsets.ISO_8859_1) + "\" (expected: " + end + ")");
            read.write(next);
        }
        return read.toString(StandardCharsets.ISO_8859_1);
    }

    /** Reads a head, up to its empty line. */
    public String readHead() throws IOException {
        return readTo("\r\n\r\n");
    }

    public String read(int bytes) throws IOException {
        return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    /** Everything until the other side closes. */
    public String readAll() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    /** Closes so that the other side sees a reset and no end. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    public Socket socket() {
        return socket;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
