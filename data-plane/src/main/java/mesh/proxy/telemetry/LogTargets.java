package mesh.proxy.telemetry;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import mesh.model.AccessLogPolicy;

/** What the {@code file} of an access log stands for. */
final class LogTargets {

    private LogTargets() {}

    static AccessLogFile.Target of(String file) {
        return switch (file) {
            case AccessLogPolicy.STDOUT -> () -> stream(FileDescriptor.out);
            case AccessLogPolicy.STDERR -> () -> stream(FileDescriptor.err);
            default -> new Named(Path.of(file));
        };
    }

    /** Not System.out, which keeps errors to itself; and not to be closed, for others write there too. */
    private static OutputStream stream(FileDescriptor descriptor) {
        return new FilterOutputStream(new FileOutputStream(descriptor)) {
            @Override
            public void write(byte[] bytes) throws IOException {
                out.write(bytes);
            }

            @Override
            public void close() {}
        };
    }

    /** A file that is appended to, and made where there is none. */
    private static final class Named implements AccessLogFile.Target {

        private final Path path;
        private Object key;

        Named(Path path) {
            this.path = path;
        }

        @Override
        public OutputStream open() throws IOException {
            OutputStream out = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            key = key();
            return out;
        }

        @Override
        public boolean isReplaced() {
            Object now = key();
            return now == null || !now.equals(key);
        }

        /** Device and inode; null when there is no such file. */
        private Object key() {
            try {
                return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
            } catch (IOException e) {
                return null;
            }
        }
    }
}
