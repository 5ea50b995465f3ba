package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileTextTest {

    private static final FileText YAML = new FileText("mesh.yaml", """
        # two of them
        routes:
          - name: outbound
            virtualHosts:
              - name: pay.ments
                routes:
                  - {name: all, cluster: payments}
        clusters:
          - name: cart
          - name: payments
            balancer: rr
            maxRequests: 0
            endpoints: [{address: "10.0.0.7:9001", weight: -1}]
        """);

    private static final FileText JSON = new FileText("mesh.json", """
        {"clusters": [
          {"name": "payments",
           "max_requests": 0}]}
        """);

    @ParameterizedTest
    @CsvSource({
        "config.clusters[1].balancer, 11:5",
        "config.clusters[1].max_requests, 12:5",
        "config.clusters[1].endpoints[0].weight, 13:44",
        "clusters.payments.balancer, 11:5",
        "routes.outbound.pay.ments.all.cluster, 7:25",
        "routes.outbound, 3:5",
    })
    void findsAFieldByIndexAndByName(String path, String place) {
        assertThat(YAML.place(path)).isEqualTo("mesh.yaml:" + place);
    }

    @ParameterizedTest
    @CsvSource({"config.clusters[1].tls, 10:5", "config.listeners, 2:1"})
    void whatIsNotThereIsLookedForInWhatIsAroundIt(String path, String place) {
        assertThat(YAML.place(path)).isEqualTo("mesh.yaml:" + place);
    }

    @ParameterizedTest
    @CsvSource({"config.clusters[0].max_requests, 3:4", "clusters.payments.max_requests, 3:4"})
    void readsJsonToo(String path, String place) {
        assertThat(JSON.place(path)).isEqualTo("mesh.json:" + place);
    }
}
