package mesh.control.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A directory in memory that forgets what was not forced. It can crash at any operation, in the middle of it; {@link #restarted} is then
 * what a real disk could hold: of the states since the last force any, with the last write torn and blocks of it never written.
 */
public final class CrashingFiles implements FileLayer {

    /** The power went. */
    public static final class Crash extends Error {
        private static final long serialVersionUID = 1;
    }

    private final RandomGenerator random;
    /** Every state of the directory since it was last forced, the forced one first, the current one last. */
    private List<Map<String, Inode>> directory = new ArrayList<>();
    private int operationsLeft = Integer.MAX_VALUE;
    private boolean crashed;
    private long space = Long.MAX_VALUE;
    private int failingForces;

    public CrashingFiles(RandomGenerator random) {
        this.random = random;
        directory.add(Map.of());
    }

    /** Crashes in the middle of the operation after this many. */
    public void crashAfter(int operations) {
        operationsLeft = operations;
    }

    /** The disk takes this many bytes more, and says it is full then. */
    public void spaceLeft(long bytes) {
        space = bytes;
    }

    public void failForces(int times) {
        failingForces = times;
    }

    public boolean hasCrashed() {
        return crashed;
    }

    /** What the next process finds. */
    public CrashingFiles restarted() {
        CrashingFiles next = new CrashingFiles(random);
        Map<String, Inode> found = new HashMap<>();
        directory.get(random.nextInt(directory.size())).forEach((name, inode) -> found.put(name, new Inode(inode.afterCrash(random))));
        next.directory = new ArrayList<>(List.of(found));
        return next;
    }

    /** What stands in a file now. */
    public byte[] content(String name) {
        return current().get(name).now();
    }

    public void replaceContent(String name, byte[] bytes) {
        Map<String, Inode> changed = new HashMap<>(current());
        changed.put(name, new Inode(bytes));
        directory = new ArrayList<>(List.of(changed));
    }

    private Map<String, Inode> current() {
        return directory.get(directory.size() - 1);
    }

    /** True when the operation that begins is the one in which the power goes; whether it still happens is then up to chance. */
    private boolean last() {
        if (crashed) {
            throw new Crash();
        }
        return operationsLeft-- == 0;
    }

    private void crash() {
        crashed = true;
        throw new Crash();
    }

    private void change(Runnable operation) {
        boolean last = last();
        if (!last || random.nextBoolean()) {
            operation.run();
        }
        if (last) {
            crash();
        }
    }

    private void changeDirectory(Map<String, Inode> changed) {
        change(() -> directory.add(changed));
    }

    @Override
    public OpenFile open(String name) {
        Inode existing = current().get(name);
        if (existing != null) {
            return new File(existing);
        }
        Inode made = new Inode(new byte[0]);
        Map<String, Inode> changed = new HashMap<>(current());
        changed.put(name, made);
        changeDirectory(changed);
        return new File(made);
    }

    @Override
    public boolean exists(String name) {
        return current().containsKey(name);
    }

    @Override
    public void rename(String from, String to) {
        Map<String, Inode> changed = new HashMap<>(current());
        changed.put(to, changed.remove(from));
        changeDirectory(changed);
    }

    @Override
    public void delete(String name) {
        Map<String, Inode> changed = new HashMap<>(current());
        changed.remove(name);
        changeDirectory(changed);
    }

    @Override
    public void forceDirectory() throws IOException {
        maybeFail();
        change(() -> directory = new ArrayList<>(List.of(current())));
    }

    private void maybeFail() throws IOException {
        if (failingForces > 0) {
            failingForces--;
            throw new IOException("Input/output error");
        }
    }

    @Override
    public String describe(String name) {
        return "/data/" + name;
    }

    private static final class Inode {

        /** Every content since it was last forced, the forced one first. */
        private List<byte[]> states;

        Inode(byte[] content) {
            states = new ArrayList<>(List.of(content));
        }

        byte[] now() {
            return states.get(states.size() - 1);
        }

        byte[] afterCrash(RandomGenerator random) {
            int chosen = random.nextInt(states.size());
            byte[] state = states.get(chosen);
            byte[] before = states.get(Math.max(0, chosen - 1));
            if (state.length <= before.length) {
                return state.clone();
            }
            int written = random.nextInt(before.length, state.length + 1);
            byte[] torn = Arrays.copyOf(state, random.nextBoolean() ? written : state.length);
            // The length may reach the disk before the blocks do.
            int hole = random.nextInt(before.length, torn.length + 1);
            if (random.nextBoolean()) {
                Arrays.fill(torn, hole, torn.length, (byte) 0);
            }
            return torn;
        }
    }

    private final class File implements OpenFile {

        private final Inode inode;

        File(Inode inode) {
            this.inode = inode;
        }

        @Override
        public byte[] readAll() {
            return inode.now().clone();
        }

        @Override
        public void append(byte[] bytes) throws IOException {
            boolean last = last();
            int size = last ? random.nextInt(bytes.length + 1) : (int) Math.min(bytes.length, space);
            space -= size;
            byte[] before = inode.now();
            byte[] after = Arrays.copyOf(before, before.length + size);
            System.arraycopy(bytes, 0, after, before.length, size);
            inode.states.add(after);
            if (last) {
                crash();
            }
            if (size < bytes.length) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        public void truncate(long size) {
            change(() -> inode.states.add(Arrays.copyOf(inode.now(), (int) size)));
        }

        @Override
        public void force() throws IOException {
            maybeFail();
            change(() -> inode.states = new ArrayList<>(List.of(inode.now())));
        }

        @Override
        public void close() {
            // Nothing is forced by closing.
        }
    }
}
