/**
 * What a configuration becomes before traffic meets it: every reference followed, every number ready. Imports {@code route}, {@code
 * upstream} and what lies below them. Read {@link mesh.proxy.runtime.RuntimeTables} first, then {@link mesh.proxy.runtime.TableCompiler}.
 */
package mesh.proxy.runtime;
