/**
 * The mesh's certificates: the authority that signs, the rules that verify. Imports the model and time; the only package that knows
 * BouncyCastle. Read {@link mesh.pki.CertificateAuthority} first.
 */
package mesh.pki;
