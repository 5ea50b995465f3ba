package mesh.control.messages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import mesh.v1.Config;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FieldChangesTest {

    private static final String BEFORE = """
        {"routes": [{"name": "out", "virtual_hosts": [{"name": "pay", "hosts": ["pay", "pay.local"], "routes": [
          {"name": "slow", "prefix": "/reports/", "cluster": "p", "timeout": "60s"},
          {"name": "all", "cluster": "p", "retry": {"attempts": 3}}]}]}],
         "clusters": [{"name": "p", "balancer": "random", "endpoints": [{"address": "a:1"}, {"address": "b:1", "weight": 2}]}]}""";

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"60s\"           | \"30s\"                     | routes.out.virtual_hosts.pay.routes.slow.timeout: \"60s\" -> \"30s\"",
        ", \"timeout\": \"60s\" | ''                     | routes.out.virtual_hosts.pay.routes.slow.timeout: \"60s\" -> ",
        "\"attempts\": 3   | \"attempts\": 4             | routes.out.virtual_hosts.pay.routes.all.retry.attempts: 3 -> 4",
        ", \"retry\": {\"attempts\": 3} | ''             | routes.out.virtual_hosts.pay.routes.all.retry: {\"attempts\":3} -> ",
        "\"pay.local\"     | \"pay.test\"                | routes.out.virtual_hosts.pay.hosts: [\"pay\",\"pay.local\"] -> [\"pay\",\"pay.test\"]",
        "{\"address\": \"a:1\"}, | ''                    | clusters.p.endpoints.a:1: {\"address\":\"a:1\"} -> ",
        "\"weight\": 2}    | \"weight\": 2}, {\"address\": \"c:1\"} | clusters.p.endpoints.c:1:  -> {\"address\":\"c:1\"}",
        "\"random\"        | \"least_conn\"              | clusters.p.balancer: \"random\" -> \"least_conn\"",
        "\"slow\"          | \"all\"                     | two routes of one name cannot be told apart",
    })
    void tellsWhatDiffersByItsPath(String was, String is, String told) {
        Config before = config(BEFORE);
        Config after = config(BEFORE.replace(was, is));
        assertThat(after).as("the test changes something").isNotEqualTo(before);

        if (told.startsWith("two routes")) {
            assertThat(FieldChanges.between(before, after)).singleElement()
                .satisfies(f -> assertThat(f.getPath()).isEqualTo("routes.out.virtual_hosts.pay.routes"));
        } else {
            assertThat(FieldChanges.between(before, after)).extracting(f -> f.getPath() + ": " + f.getBefore() + " -> " + f.getAfter())
                .containsExactly(told + (told.endsWith("->") ? " " : ""));
        }
        assertThat(FieldChanges.between(before, before)).isEmpty();
    }

    @Test
    void tellsAnotherOrder() {
        String json = "{\"clusters\": [{\"name\": \"p\", \"endpoints\": [{\"address\": \"%s\"}, {\"address\": \"%s\"}]}]}";
        assertThat(FieldChanges.between(config(json.formatted("a:1", "b:1")), config(json.formatted("b:1", "a:1")))).singleElement().satisfies(f -> {
            assertThat(f.getPath()).isEqualTo("clusters.p.endpoints (order)");
            assertThat(f.getAfter()).isEqualTo("[\"b:1\",\"a:1\"]");
        });
    }

    private static Config config(String json) {
        Config.Builder config = Config.newBuilder();
        try {
            JsonFormat.parser().merge(json, config);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
        return config.build();
    }
}
