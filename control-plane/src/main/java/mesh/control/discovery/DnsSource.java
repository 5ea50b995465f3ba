package mesh.control.discovery;

import java.util.concurrent.CompletionStage;
import mesh.model.EndpointDiscovery;

/** Who asks name servers. Any thread; the stage never fails. */
interface DnsSource extends AutoCloseable {

    CompletionStage<DnsAnswer> ask(EndpointDiscovery.Dns what);

    @Override
    void close();
}
