package mesh.proxy.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** What one command line said, and how it ended. */
record CommandRun(int exitCode, String out, String err) {

    static CommandRun of(Object... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine shell = Shell.of(new MeshCommand()).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        String[] texts = new String[words.length];
        for (int i = 0; i < words.length; i++) {
            texts[i] = words[i].toString();
        }
        return new CommandRun(shell.execute(texts), out.toString(), err.toString());
    }
}
