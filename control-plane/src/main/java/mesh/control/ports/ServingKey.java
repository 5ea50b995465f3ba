package mesh.control.ports;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import mesh.pki.Svid;

/**
 * The certificate that the TLS port shows, changed while it runs: a handshake takes the one that is current then. Any thread.
 *
 * <p>TLS asks for an alias first and for chain and key by that alias later, so the alias names one certificate, and the one before stays
 * known for the handshakes that were under way when it was replaced.
 */
public final class ServingKey extends X509ExtendedKeyManager {

    private record Named(String alias, Svid svid) {}

    private volatile Named current;
    private volatile Named before;

    public ServingKey(Svid first) {
        this.current = named(first);
        this.before = current;
    }

    /** Shown from the next handshake on. */
    public void replace(Svid next) {
        before = current;
        current = named(next);
    }

    public Svid current() {
        return current.svid;
    }

    private static Named named(Svid svid) {
        return new Named(svid.leaf().getSerialNumber().toString(16), svid);
    }

    private Svid of(String alias) {
        Named now = current;
        return now.alias.equals(alias) ? now.svid : before.svid;
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        return isOfType(keyType) ? current.alias : null;
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        return isOfType(keyType) ? new String[] {current.alias} : null;
    }

    private boolean isOfType(String keyType) {
        return keyType.equals(current.svid.key().getAlgorithm());
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return of(alias).chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return of(alias).key();
    }

    /** The port is no client. */
    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
        return null;
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return null;
    }
}
