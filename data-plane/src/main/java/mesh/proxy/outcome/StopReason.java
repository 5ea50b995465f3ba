package mesh.proxy.outcome;

import java.util.Locale;

/** Why a client was stopped: its connection was ended, or the request where only that is at fault. The {@code reason} of the metric. */
public enum StopReason {
    /** A head, or another frame, that took too long. */
    SLOW_HEAD,
    /** A body that fell silent. */
    SLOW_BODY,
    /** HTTP/2 that was begun and not completed. */
    SLOW_PREFACE,
    /** It does not begin with a PROXY header, where that is required, or with a broken one. */
    PROXY_HEADER,
    HEAD_TOO_LARGE,
    URI_TOO_LONG,
    BODY_TOO_LARGE,
    /** Streams that came to nothing: reset by the client, or by us because of what it did or asked for. */
    RESETS,
    /** A header block in too many frames or bytes. */
    HEADER_BLOCK,
    /** Frames that carry nothing and make us work. */
    CONTROL_FRAMES,
    /** A header block that cannot be unpacked. */
    COMPRESSION,
    /** More of a body than it may send, or windows that grow too large. */
    FLOW_CONTROL,
    /** An answer that waits for a window that is not granted. */
    STALLED,
    /** Our answers to its frames, which it does not read. */
    UNREAD,
    /** Any other rule. */
    PROTOCOL;

    private final String label = name().toLowerCase(Locale.ROOT);

    public String label() {
        return label;
    }

    /** Null for failures that are no offence. */
    public static StopReason of(Failure failure) {
        return switch (failure) {
            case REQUEST_HEAD_TIMEOUT -> SLOW_HEAD;
            case REQUEST_BODY_TIMEOUT -> SLOW_BODY;
            case HEAD_TOO_LARGE -> HEAD_TOO_LARGE;
            case URI_TOO_LONG -> URI_TOO_LONG;
            case BODY_TOO_LARGE -> BODY_TOO_LARGE;
            case BAD_REQUEST, VERSION_NOT_SUPPORTED -> PROTOCOL;
            default -> null;
        };
    }
}
