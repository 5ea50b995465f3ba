package mesh.control.ports;

/** What a caller may do with the admin API, each role with all that those before it may. */
public enum Role {
    NONE,
    READER,
    ADMIN;

    boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }
}
