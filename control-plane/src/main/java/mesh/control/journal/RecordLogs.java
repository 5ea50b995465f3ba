package mesh.control.journal;

import java.io.IOException;

/** Where logs are kept, each by its name: a directory of this process alone, or a place that several share. */
public interface RecordLogs {

    /**
     * Opens a log; makes it, empty, when it is missing.
     *
     * @param name letters and dashes
     */
    RecordLog log(String name) throws IOException;
}
