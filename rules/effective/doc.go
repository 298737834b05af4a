// Package effective works out what nginx makes of a parser.Config: the scopes
// that blocks become where they are mounted, the inherited value of every
// directive, maps and variables as far as a WebSocket handshake decides them,
// the server and location that answer a URL, the request that reaches the
// upstream, how long the tunnel may idle, and whether a handshake comes
// through; where the upstream is a server of the same configuration (a hop), there
// too.
//
// It follows nginx's source, cited where a decision was taken from it, and
// knows nothing of rules: what is wrong with a route is said as Reasons.
package effective
