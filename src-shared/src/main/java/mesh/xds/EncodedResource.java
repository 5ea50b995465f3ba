package mesh.xds;

import com.google.protobuf.Any;
import mesh.digest.Sha256;

/**
 * A resource as it is sent.
 *
 * @param name    unique within its type
 * @param version 16 hex digits of the SHA-256 of the body: equal bodies have equal versions, in this process and after a restart
 * @param body    the Envoy message
 */
public record EncodedResource(String name, String version, Any body) {

    private static final int VERSION_DIGITS = 16;

    static EncodedResource of(String name, Any body) {
        return new EncodedResource(name, Sha256.hex(body.getValue().toByteArray()).substring(0, VERSION_DIGITS), body);
    }
}
