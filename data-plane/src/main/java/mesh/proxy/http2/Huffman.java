package mesh.proxy.http2;

/**
 * The code of RFC 7541 appendix B, decoded. It is canonical: codes of one length are consecutive numbers in the order of their symbols, so
 * the lengths are the whole table.
 */
final class Huffman {

    /** Each symbol's length, A for 5 bits to Z for 30; the last symbol ends a string and may not occur in one. */
    private static final String LENGTHS =
        "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIX"
            + "PRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWV"
            + "Z";
    private static final int END = 256;
    private static final int SHORTEST = 5, LONGEST = 30;

    /** Bits that one look decides; most of what a head is made of has no more. */
    private static final int LOOK = 9;
    /** By the next {@link #LOOK} bits: the length, then eight bits of symbol; 0 for a longer code. */
    private static final short[] SHORT = new short[1 << LOOK];
    /** By length: the first code, how many there are, and where their symbols begin. */
    private static final int[] FIRST = new int[LONGEST + 1], COUNT = new int[LONGEST + 1], AT = new int[LONGEST + 1];
    private static final short[] SYMBOLS = new short[END + 1];

    static {
        int code = 0, at = 0;
        for (int length = SHORTEST; length <= LONGEST; length++) {
            FIRST[length] = code;
            AT[length] = at;
            for (int symbol = 0; symbol <= END; symbol++) {
                if (LENGTHS.charAt(symbol) - 'A' + SHORTEST != length) continue;
                SYMBOLS[at++] = (short) symbol;
                if (length <= LOOK) fill(code, length, symbol);
                code++;
                COUNT[length]++;
            }
            code <<= 1;
        }
    }

    private Huffman() {}

    private static void fill(int code, int length, int symbol) {
        int from = code << LOOK - length;
        for (int i = 0; i < 1 << LOOK - length; i++) SHORT[from + i] = (short) (length << 8 | symbol);
    }

    /** The most bytes that a string of so many can become. */
    static int mostBytes(int encoded) {
        return encoded * 8 / SHORTEST;
    }

    /**
     * Decodes a string.
     *
     * @param out has room for {@link #mostBytes} at {@code at}
     * @return where the decoded bytes end, or -1 for what is no code: an end inside, or a wrong padding (section 5.2)
     */
    static int decode(byte[] in, int from, int to, byte[] out, int at) {
        long bits = 0;
        int n = 0;
        int i = from;
        while (true) {
            while (n <= 32 && i < to) {
                bits = bits << 8 | in[i++] & 0xff;
                n += 8;
            }
            if (n == 0) return at;
            int look = (int) (n >= LOOK ? bits >>> n - LOOK : bits << LOOK - n) & (1 << LOOK) - 1;
            int entry = SHORT[look];
            int length = entry >> 8;
            if (entry == 0 || length > n) {
                length = longCode(bits, n);
                if (length == 0) return isPadding(bits, n) ? at : -1;
                entry = SYMBOLS[AT[length] + (int) (bits >>> n - length & (1L << length) - 1) - FIRST[length]];
                if (entry == END) return -1;
            }
            out[at++] = (byte) entry;
            n -= length;
        }
    }

    /** The length of the code that the next {@code n} bits begin with, or 0 for none. */
    private static int longCode(long bits, int n) {
        for (int length = LOOK + 1; length <= LONGEST && length <= n; length++) {
            int code = (int) (bits >>> n - length & (1L << length) - 1);
            if (code - FIRST[length] < COUNT[length]) return length;
        }
        return 0;
    }

    /** At most seven bits, all of them set. */
    private static boolean isPadding(long bits, int n) {
        return n < 8 && (bits & (1L << n) - 1) == (1L << n) - 1;
    }
}
