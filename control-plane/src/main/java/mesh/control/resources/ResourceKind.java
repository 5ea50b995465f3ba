package mesh.control.resources;

import com.google.protobuf.Descriptors.Descriptor;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import mesh.v1.AccessPolicySpec;
import mesh.v1.ServicePolicySpec;
import mesh.v1.ServiceRouteSpec;

/** What kinds there are. */
public enum ResourceKind {
    SERVICE_ROUTE("ServiceRoute", "serviceroutes", ServiceRouteSpec.getDescriptor()),
    SERVICE_POLICY("ServicePolicy", "servicepolicies", ServicePolicySpec.getDescriptor()),
    ACCESS_POLICY("AccessPolicy", "accesspolicies", AccessPolicySpec.getDescriptor());

    public static final String GROUP = "mesh.local", VERSION = "v1alpha1";

    private final String kind;
    private final String plural;
    private final Descriptor spec;

    ResourceKind(String kind, String plural, Descriptor spec) {
        this.kind = kind;
        this.plural = plural;
        this.spec = spec;
    }

    public String kind() {
        return kind;
    }

    public String plural() {
        return plural;
    }

    /** Of the message that is its spec. */
    public Descriptor spec() {
        return spec;
    }

    /** For a client that has no class for it. */
    public ResourceDefinitionContext definition() {
        return new ResourceDefinitionContext.Builder().withGroup(GROUP).withVersion(VERSION).withKind(kind).withPlural(plural).withNamespaced(true).build();
    }
}
