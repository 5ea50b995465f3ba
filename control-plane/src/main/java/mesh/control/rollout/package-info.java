/**
 * A change that sidecars are given in waves. Imports {@code store} and {@code stream}. Read {@link mesh.control.rollout.Rollouts} first.
 */
package mesh.control.rollout;
