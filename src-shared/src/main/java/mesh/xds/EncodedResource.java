package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A resource as it is sent.
 *
 * @param name    unique within its type
 * @param version 16 hex digits of the SHA-256 of the body: equal bodies have equal versions, in this process and after a restart
 * @param body    the Envoy message
 */
public record EncodedResource(String name, String version, Any body) {

    static EncodedResource of(String name, Any body) {
        return new EncodedResource(name, hash(body.getValue()), body);
    }

    private static String hash(ByteString bytes) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (ByteBuffer part : bytes.asReadOnlyByteBufferList()) {
                sha.update(part);
            }
            return HexFormat.of().formatHex(sha.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
