/**
 * Fuzz targets are tests called {@code <Subject>FuzzTest} with a {@code fuzzerTestOneInput(byte[])} that states a property; their corpus is
 * in {@code src/test/resources/fuzz/<Subject>}. {@link mesh.fuzz.ShortRun} is the few thousand inputs of every build,
 * {@link mesh.fuzz.LongRun} Jazzer's search for as long as one likes. Read {@link mesh.fuzz.ShortRun} first.
 */
package mesh.fuzz;
