package mesh.proxy.http2;

import mesh.proxy.outcome.Failure;

/** Why a stream or a connection ends, as it goes on the wire: the constant's ordinal is the code (RFC 9113 section 7). */
enum ErrorCode {
    NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM,
    CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, HTTP_1_1_REQUIRED;

    private static final ErrorCode[] ALL = values();

    /** Unknown codes mean no more than that something went wrong (section 7). */
    static ErrorCode of(long code) {
        return code >= 0 && code < ALL.length ? ALL[(int) code] : INTERNAL_ERROR;
    }

    /** What a stream is reset with, on either side, when its request fails that way after it has begun. */
    static ErrorCode of(Failure failure) {
        return switch (failure) {
            case DOWNSTREAM_RESET, REQUEST_TIMEOUT, PER_TRY_TIMEOUT, STREAM_IDLE, REQUEST_BODY_TIMEOUT, STREAM_TOO_LONG, REQUEST_TOO_LONG -> CANCEL;
            case BAD_REQUEST -> PROTOCOL_ERROR;
            case OVERFLOW, DRAINING -> REFUSED_STREAM;
            default -> INTERNAL_ERROR;
        };
    }
}
