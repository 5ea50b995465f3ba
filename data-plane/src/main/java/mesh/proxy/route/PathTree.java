package mesh.proxy.route;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Which routes of a virtual host a path may take: a tree of their paths, walked once along the request's, so that ten thousand routes cost what
 * ten do. Exact paths and prefixes are decided by the walk; expressions are asked one by one, and so may take any path. Allocates nothing.
 * Immutable.
 */
final class PathTree {

    /** A route's index that is none, behind all others. */
    static final int NONE = Integer.MAX_VALUE;

    /**
     * A path in the tree.
     *
     * @param whole whether the request's path ends there, and does not only go through
     * @param route its index
     * @param sure  whether it asks nothing more of a request
     */
    record Entry(byte[] path, boolean whole, int route, boolean sure) {}

    /** The routes of one place in the tree, and those of the places before it. */
    static final class Candidates {

        /** The place before, if there is any of these; null for none. */
        private final Candidates before;
        /** Those of this place that ask for more, ascending, and none behind {@code sure}. */
        private final int[] asking;
        private final int sure;
        private final int first;

        private Candidates(Candidates before, List<Entry> entries) {
            this.before = before == null || before.asking.length > 0 ? before : before.before;
            this.sure = Math.min(before == null ? NONE : before.sure,
                entries.stream().filter(Entry::sure).mapToInt(Entry::route).min().orElse(NONE));
            this.asking = entries.stream().filter(each -> !each.sure()).mapToInt(Entry::route).filter(route -> route < sure).sorted().distinct().toArray();
            this.first = Math.min(before == null ? NONE : before.first, asking.length == 0 ? NONE : asking[0]);
        }

        /** The first route that takes every request of this path; {@link #NONE} for none. */
        int sure() {
            return sure;
        }

        /** The first that asks for more than the path. */
        int first() {
            return first;
        }

        /** The next of these at or behind an index. */
        int next(int from) {
            int next = NONE;
            for (Candidates each = this; each != null; each = each.before) {
                int found = Arrays.binarySearch(each.asking, from);
                int at = found < 0 ? -found - 1 : found;
                if (at < each.asking.length) next = Math.min(next, each.asking[at]);
            }
            return next;
        }
    }

    /**
     * A place in the tree.
     *
     * @param edge     the bytes that lead to it
     * @param through  of paths that go on
     * @param here     of the path that ends here
     * @param children none begin alike; ascending
     */
    private record Node(byte[] edge, Candidates through, Candidates here, Node[] children) {

        boolean leadsFrom(byte[] text, int from, int to) {
            return to - from >= edge.length && Arrays.equals(text, from, from + edge.length, edge, 0, edge.length);
        }

        /** The only child that may lead on, or null. */
        Node child(byte next) {
            int low = 0, high = children.length - 1;
            while (low <= high) {
                int middle = low + high >>> 1;
                int order = Byte.compare(children[middle].edge[0], next);
                if (order == 0) return children[middle];
                if (order < 0) low = middle + 1;
                else high = middle - 1;
            }
            return null;
        }
    }

    private final Candidates anyPath;
    private final Node top;

    /** @param anyPath routes that may take whatever path */
    PathTree(List<Entry> entries, List<Entry> anyPath) {
        this.anyPath = new Candidates(null, anyPath);
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparing(Entry::path, Arrays::compare));
        this.top = sorted.isEmpty() ? null : node(sorted, 0, this.anyPath);
    }

    /** @param entries sorted, and alike in the bytes before {@code depth} */
    private static Node node(List<Entry> entries, int depth, Candidates before) {
        byte[] first = entries.get(0).path();
        int mismatch = Arrays.mismatch(first, entries.get(entries.size() - 1).path());
        int end = mismatch < 0 ? first.length : mismatch;
        List<Entry> own = entries.stream().filter(each -> each.path().length == end).toList();
        Candidates through = with(before, own.stream().filter(each -> !each.whole()).toList());
        Candidates here = with(through, own.stream().filter(Entry::whole).toList());
        List<Node> children = new ArrayList<>();
        for (int from = own.size(), to; from < entries.size(); from = to) {
            byte next = entries.get(from).path()[end];
            to = from;
            while (to < entries.size() && entries.get(to).path()[end] == next) to++;
            children.add(node(entries.subList(from, to), end, through));
        }
        return new Node(Arrays.copyOfRange(first, depth, end), through, here, children.toArray(Node[]::new));
    }

    private static Candidates with(Candidates before, List<Entry> entries) {
        return entries.isEmpty() ? before : new Candidates(before, entries);
    }

    /** Of the path that stands there. */
    Candidates find(byte[] text, int from, int to) {
        Candidates found = anyPath;
        Node node = top;
        for (int at = from; node != null && node.leadsFrom(text, at, to); ) {
            at += node.edge.length;
            if (at == to) return node.here;
            found = node.through;
            node = node.child(text[at]);
        }
        return found;
    }
}
