package mesh.model;

/**
 * Where something runs, from wide to narrow. What is not known is empty, and so is then what is narrower.
 *
 * @param region  such as {@code eu-west}
 * @param zone    in the region
 * @param subZone in the zone
 */
public record Locality(String region, String zone, String subZone) {

    private static final String EXPECTED = "region, region/zone or region/zone/subzone";

    public Locality {
        Checks.name("locality region", region);
        if (!zone.isEmpty()) Checks.name("locality zone", zone);
        if (!subZone.isEmpty()) Checks.name("locality subzone", subZone);
        if (zone.isEmpty() && !subZone.isEmpty()) {
            throw new IllegalArgumentException("locality: subzone \"" + subZone + "\" without a zone (expected: " + EXPECTED + ")");
        }
        if ((region + zone + subZone).indexOf('/') >= 0) {
            throw new IllegalArgumentException("locality: a \"/\" in one of \"" + region + "\", \"" + zone + "\", \"" + subZone + "\" (expected: none)");
        }
    }

    /** Reads what {@link #toString} writes. */
    public static Locality parse(String text) {
        String[] parts = text.split("/", -1);
        if (!text.matches("[^/\\s]+(/[^/\\s]+){0,2}")) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: " + EXPECTED + ", such as eu/eu-1/a)");
        }
        return new Locality(parts[0], parts.length > 1 ? parts[1] : "", parts.length > 2 ? parts[2] : "");
    }

    /** How far away that is: 0 for the same, 1 for the same zone, 2 for the same region, 3 for elsewhere. Istio's steps. */
    public int distance(Locality other) {
        if (!region.equals(other.region)) return 3;
        if (!zone.equals(other.zone)) return 2;
        return subZone.equals(other.subZone) ? 0 : 1;
    }

    @Override
    public String toString() {
        return region + (zone.isEmpty() ? "" : "/" + zone) + (subZone.isEmpty() ? "" : "/" + subZone);
    }
}
