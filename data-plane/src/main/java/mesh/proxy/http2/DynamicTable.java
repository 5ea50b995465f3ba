package mesh.proxy.http2;

/** The fields that the peer has told to remember (RFC 7541 section 2.3.2), the newest first. */
final class DynamicTable {

    /** What an entry costs besides its bytes (section 4.1). */
    private static final int ENTRY_COST = 32;

    private byte[][] names = new byte[16][];
    private byte[][] values = new byte[16][];
    /** Where the newest entry stands; older ones before it, around the end. */
    private int newest;
    private int count;
    private int bytes;
    private int maxBytes;

    DynamicTable(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    int count() {
        return count;
    }

    /** @param i 0 for the newest, below {@link #count} */
    byte[] name(int i) {
        return names[newest - i & names.length - 1];
    }

    byte[] value(int i) {
        return values[newest - i & names.length - 1];
    }

    void resize(int newMaxBytes) {
        maxBytes = newMaxBytes;
        evict(0);
    }

    /** A field too large for the whole table empties it, which is no error (section 4.4). */
    void add(byte[] name, byte[] value) {
        int cost = name.length + value.length + ENTRY_COST;
        evict(cost);
        if (cost > maxBytes) return;
        if (count == names.length) grow();
        newest = newest + 1 & names.length - 1;
        names[newest] = name;
        values[newest] = value;
        count++;
        bytes += cost;
    }

    private void evict(int room) {
        while (count > 0 && bytes + room > maxBytes) {
            int oldest = newest - (count - 1) & names.length - 1;
            bytes -= names[oldest].length + values[oldest].length + ENTRY_COST;
            names[oldest] = null;
            values[oldest] = null;
            count--;
        }
    }

    private void grow() {
        byte[][] grownNames = new byte[count * 2][];
        byte[][] grownValues = new byte[count * 2][];
        for (int i = 0; i < count; i++) {
            grownNames[count - 1 - i] = name(i);
            grownValues[count - 1 - i] = value(i);
        }
        names = grownNames;
        values = grownValues;
        newest = count - 1;
    }
}
