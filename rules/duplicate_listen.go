package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// listening is a listen directive and its server.
type listening struct {
	*effective.Listen
	server *effective.VirtualServer
}

// socketKey is an address that sockets are told apart by.
type socketKey struct {
	address, port string
	udp           bool // QUIC's, which has ports of its own
}

// together reports whether nginx always reads both of two directives: no template
// has one of them without the other.
func (l listening) together(other listening) bool {
	return l.Item.Directive != other.Item.Directive && parser.SameArm(l.Item.Directive, other.Item.Directive) && parser.SameArm(l.server.Scope.Block, other.server.Scope.Block)
}

// socketOptions are the parameters of listen that set an option of the socket,
// which one server may do for all (ngx_http_core_listen, lsopt.set).
var socketOptions = []string{"bind", "setfib", "fastopen", "backlog", "rcvbuf", "sndbuf", "accept_filter", "deferred", "ipv6only", "reuseport", "so_keepalive"}

// setsOptions reports whether a listen sets an option of its socket.
func (l listening) setsOptions() bool {
	return slices.ContainsFunc(l.Item.Args[1:], func(w parser.Word) bool {
		name, _, _ := strings.Cut(w.Value, "=")
		return slices.Contains(socketOptions, name)
	})
}

// checkListens reports a server that listens on one socket twice, and sockets with
// two default servers or whose options two servers set: nginx does not start with
// any of them (ngx_http_add_server, ngx_http_add_addresses).
func (p *Pass) checkListens() {
	defaults, options, own := map[socketKey]listening{}, map[socketKey]listening{}, map[socketKey]listening{}
	for _, vs := range p.Model.Servers {
		clear(own)
		var twice, rivals, setters [][2]listening // the first of each, and the one too many
		for i := range vs.Listens {
			l := listening{&vs.Listens[i], vs}
			if l.Item.Directive == nil || placeholder(l.Item.Arg(0)) || afterError(l.Item.Directive) || l.Item.Arm().Defines() {
				continue
			}
			socket := socketKey{l.Address, l.Port, l.QUIC}
			if first, ok := own[socket]; !ok {
				own[socket] = l
			} else if l.together(first) {
				twice = append(twice, [2]listening{first, l})
				continue
			}
			if l.setsOptions() {
				if first, ok := options[socket]; !ok {
					options[socket] = l
				} else if first.server != vs && l.together(first) {
					setters = append(setters, [2]listening{first, l})
				}
			}
			if !l.Default {
				continue
			}
			if first, ok := defaults[socket]; !ok {
				defaults[socket] = l
			} else if first.server != vs && l.together(first) {
				rivals = append(rivals, [2]listening{first, l})
			}
		}
		if len(twice) > 0 {
			f := duplicateListens(twice, "this server listens on %s twice, and nginx does not start: a duplicate listen; keep one of them")
			if len(twice) == 1 {
				f.Fix = p.keepOne(level{Scope: vs.Scope}, []effective.Item{twice[0][0].Item, twice[0][1].Item})
			}
			p.Report(f)
		}
		if len(rivals) > 0 {
			p.Report(duplicateListens(rivals, "two servers are the default_server of %s, and nginx does not start: a duplicate default server; take default_server out of one"))
		}
		if len(setters) > 0 {
			p.Report(duplicateListens(setters, "two servers set options of the socket %s, and nginx does not start: duplicate listen options; leave them to one"))
		}
	}
}

// duplicateListens is one finding for the pairs of a server.
func duplicateListens(pairs [][2]listening, msg string) Finding {
	var on []string
	for _, pair := range pairs {
		on = append(on, pair[1].Item.Arg(0))
	}
	f := duplicateOf(pairs[0][0].Item, pairs[0][1].Item, 0, fmt.Sprintf(msg, listed(quoteAll(on))))
	for _, pair := range pairs[1:] {
		f.Related = append(f.Related, Place{pair[1].Item.File, headSpan(pair[1].Item.Directive), "and again here"})
	}
	return f
}
