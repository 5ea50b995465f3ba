/**
 * The packet filter's rules that send a workload's connections through its sidecar: which there are to be, and putting them in place. Imports
 * nothing of ours. Read {@link mesh.proxy.intercept.RedirectRules} first, then {@link mesh.proxy.intercept.RuleInstaller}.
 */
package mesh.proxy.intercept;
