package mesh.proxy.http;

/** STUB of the contract: header fields in order over one byte array, with a short edit list. To be built by the http1 work. */
public class Fields {

    /** Fields that are present, edits included. */
    public int count() { throw new UnsupportedOperationException(); }

    /** The index of the first field of that name at or after {@code from}, or -1. Indexes stay valid until the next change. */
    public int indexOf(FieldName name, int from) { throw new UnsupportedOperationException(); }

    public boolean contains(FieldName name) { return indexOf(name, 0) >= 0; }

    /** The first value of that name, or null. */
    public String get(FieldName name) { throw new UnsupportedOperationException(); }

    public String name(int index) { throw new UnsupportedOperationException(); }

    public String value(int index) { throw new UnsupportedOperationException(); }

    /** Whether a comma-separated list under that name, over all its fields, holds the token, without case. */
    public boolean hasToken(FieldName name, String token) { throw new UnsupportedOperationException(); }

    public void add(FieldName name, CharSequence value) { throw new UnsupportedOperationException(); }

    /** Replaces every field of that name by one. */
    public void set(FieldName name, CharSequence value) { throw new UnsupportedOperationException(); }

    public void remove(FieldName name) { throw new UnsupportedOperationException(); }
}
