package mesh.proxy.cli;

import java.util.Optional;
import mesh.proxy.telemetry.AccessLog;

/** Whether requests are logged to standard output: the command line's word comes before the file's, which may change. */
final class AccessLogSwitch {

    private final AccessLog log;
    private final Optional<Boolean> flag;

    AccessLogSwitch(AccessLog log, Optional<Boolean> flag) {
        this.log = log;
        this.flag = flag;
        fileSays(Optional.empty());
    }

    void fileSays(Optional<Boolean> wanted) {
        if (flag.or(() -> wanted).orElse(false)) {
            log.open(System.out);
        } else {
            log.pause();
        }
    }
}
