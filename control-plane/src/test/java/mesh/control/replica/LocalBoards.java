package mesh.control.replica;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Replicas in one process, which hear each other at once. One thread at a time. */
public final class LocalBoards {

    private final Map<String, Local> boards = new TreeMap<>();

    public Board join(String name) {
        Local board = new Local(name);
        boards.put(name, board);
        return board;
    }

    /** As when it dies. */
    public void leave(String name) {
        boards.remove(name);
        boards.values().forEach(other -> other.listeners.values().forEach(all -> all.forEach(each -> each.gone(name))));
    }

    private final class Local implements Board {

        private final String name;
        private final Map<String, Map<String, byte[]>> said = new HashMap<>();
        private final Map<String, List<Listener>> listeners = new HashMap<>();

        Local(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public List<String> others() {
            return boards.keySet().stream().filter(each -> !each.equals(name)).toList();
        }

        @Override
        public Optional<String> silence() {
            return Optional.empty();
        }

        @Override
        public void say(String topic, String place, Supplier<byte[]> what) {
            if (boards.get(name) != this) return;
            byte[] bytes = what.get();
            Map<String, byte[]> places = said.computeIfAbsent(topic, none -> new HashMap<>());
            places.put(place, bytes);
            if (bytes.length == 0) places.remove(place);
            boards.values().stream().filter(other -> other != this)
                .forEach(other -> other.listeners.getOrDefault(topic, List.of()).forEach(each -> each.said(name, place, bytes)));
        }

        @Override
        public void hear(String topic, Listener listener) {
            listeners.computeIfAbsent(topic, none -> new ArrayList<>()).add(listener);
            boards.values().stream().filter(other -> other != this)
                .forEach(other -> other.said.getOrDefault(topic, Map.of()).forEach((place, what) -> listener.said(other.name, place, what)));
        }
    }
}
