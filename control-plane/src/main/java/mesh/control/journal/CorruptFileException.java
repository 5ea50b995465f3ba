package mesh.control.journal;

import java.io.IOException;

/** A file was damaged where a crash cannot have done it. The message names the file, the byte and what to do. */
public final class CorruptFileException extends IOException {

    private static final long serialVersionUID = 1;

    public CorruptFileException(String message) {
        super(message);
    }
}
