package mesh.proxy.route;

import java.util.List;
import mesh.proxy.http.RequestHead;

/** One of some methods. */
record MethodCondition(List<String> methods) implements Condition {

    @Override
    public boolean holds(RequestHead head) {
        String method = head.method().name();
        // Indexed: an iterator would be the only allocation.
        for (int i = 0; i < methods.size(); i++) {
            if (methods.get(i).equals(method)) return true;
        }
        return false;
    }

    @Override
    public String subject() {
        return "method";
    }

    @Override
    public String expected() {
        return String.join(" or ", methods);
    }

    @Override
    public String found(RequestHead head) {
        return head.method().name();
    }
}
