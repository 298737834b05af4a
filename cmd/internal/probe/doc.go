// Package probe opens a WebSocket with a running server as a browser would and
// tells, step by step, what happened: name, connection, TLS, handshake, ping,
// message, silence, close. What goes wrong is explained from what was seen on
// the wire; where one answer leaves two causes open, a second request that
// differs in one thing (another Origin, a slash, no Upgrade) decides, and where
// it cannot be decided the explanation says so.
//
// It owns the connection, the explanations, their text and their JSON (the
// schema lies beside it). What a configuration means is decided in
// rules/effective and rules; Join holds the two against each other.
//
// It connects to the host of the URL and to nothing else, and prints no
// credentials: they are taken out of URLs, header lines and everything that
// echoes them before a Result holds it.
//
// The request and its answer are written and read here, byte for byte, because
// the failures worth explaining are answers that a library only calls bad. From
// a good answer on github.com/coder/websocket owns the frames: masking, pings,
// compression, the closing handshake. Its Dial wants to shake hands itself, so
// its transport answers that from memory and hands over the open connection
// (takeOver). The alternatives were golang.org/x/net/websocket, which its
// authors call unfinished, gorilla/websocket, whose client cannot be given a
// connection after the handshake, and gobwas/ws, which leaves pongs and the
// closing handshake to its caller.
package probe
