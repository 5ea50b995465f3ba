package mesh.proxy.http2;

/** The numbers of RFC 9113 section 6: types, flags, settings, and the limits that hold until a peer says otherwise. */
final class Frames {

    static final int DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, SETTINGS = 4, PUSH_PROMISE = 5, PING = 6, GOAWAY = 7,
        WINDOW_UPDATE = 8, CONTINUATION = 9;

    static final int END_STREAM = 0x1, ACK = 0x1, END_HEADERS = 0x4, PADDED = 0x8, HAS_PRIORITY = 0x20;

    static final int HEADER_TABLE_SIZE = 1, ENABLE_PUSH = 2, MAX_CONCURRENT_STREAMS = 3, INITIAL_WINDOW_SIZE = 4, MAX_FRAME_SIZE = 5,
        MAX_HEADER_LIST_SIZE = 6;

    static final int HEADER_BYTES = 9;
    static final int DEFAULT_WINDOW = 65_535;
    static final int MAX_WINDOW = Integer.MAX_VALUE;
    static final int DEFAULT_FRAME_BYTES = 16_384;
    static final int MAX_FRAME_BYTES = 16_777_215;
    static final int MAX_STREAM_ID = Integer.MAX_VALUE;

    private Frames() {}
}
