/** Fingerprints. Imports only the JDK. */
package mesh.digest;
