package mesh.proxy.admin;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import mesh.proxy.explain.Explainer;
import mesh.proxy.explain.Explanation;
import mesh.proxy.explain.ExplanationText;
import mesh.proxy.explain.Question;

/**
 * {@code /explain}: a question in the words of a query, and its answer.
 *
 * @param type   of its content
 * @param served whether the request gets what its route has for it
 */
public record ExplainPage(String type, String content, boolean served) {

    /** The field that tells scripts {@link #served}. */
    public static final String SERVED = "x-mesh-served";

    private static final List<String> WORDS = List.of("listener", "method", "host", "path", "header", "format");
    private static final List<String> FORMATS = List.of("json", "text");

    /** JSON, or text for people with {@code format=text}; throws an IllegalArgumentException for a question that is none. */
    static ExplainPage of(SidecarView sidecar, MultiMap words) {
        for (String word : words.names()) oneOf("parameter", word, WORDS);
        String format = word(words, "format", "json");
        oneOf("format", format, FORMATS);
        Explanation told = new Explainer(sidecar.tables(), sidecar.bound(), sidecar.places(), sidecar.cachedAt()).explain(new Question(
            Optional.ofNullable(words.get("listener")).filter(name -> !name.isEmpty()), word(words, "method", "GET"), word(words, "host", ""),
            word(words, "path", "/"), words.getAll("header").stream().filter(header -> !header.isEmpty()).toList()));
        return format.equals("text") ? new ExplainPage("text/plain; charset=utf-8", ExplanationText.of(told), told.outcome().isServed())
            : new ExplainPage("application/json", json(told), told.outcome().isServed());
    }

    private static void oneOf(String what, String word, List<String> known) {
        if (!known.contains(word)) throw new IllegalArgumentException(what + ": \"" + word.replaceAll("[^ -~]", "?") + "\" (expected: one of " + known + ")");
    }

    private static String word(MultiMap words, String name, String otherwise) {
        String word = words.get(name);
        return word == null ? otherwise : word;
    }

    /** With the names of the records. */
    public static String json(Explanation told) {
        return ((JsonObject) RecordJson.of(told)).encodePrettily() + "\n";
    }
}
