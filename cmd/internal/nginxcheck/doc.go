// Package nginxcheck holds what the rules claim against a real nginx: that it
// refuses a configuration where a syntax rule says so, and that what another
// rule warns of happens and is gone after its fix. It has tests only.
package nginxcheck
