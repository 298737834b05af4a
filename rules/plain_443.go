package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// tlsPorts are the ports of a run for which a listen says ssl.
type tlsPorts struct {
	ports map[string]bool
	// filled are the models, and beside the folders, with a listen that says ssl for
	// a port that a template fills in.
	filled map[*effective.Model]bool
	beside map[string]bool
}

// tlsSaid looks at every listen of every model, once.
func (m *mounts) tlsSaid() *tlsPorts {
	if m.tls != nil {
		return m.tls
	}
	m.tls = &tlsPorts{map[string]bool{}, map[*effective.Model]bool{}, map[string]bool{}}
	for _, model := range m.models {
		model.EachScope(func(s *effective.Scope) {
			for _, it := range s.Own("listen") {
				if !slices.ContainsFunc(it.Args, saysSSL) {
					continue
				}
				port := it.Arg(0)[strings.LastIndexByte(it.Arg(0), ':')+1:]
				m.tls.ports[port] = true
				if !isNumber(port) && placeholder(it.Arg(0)) {
					m.tls.filled[model] = true
					m.tls.beside[folderOf(it.File)] = true
				}
			}
		})
	}
	return m.tls
}

// saysSSL reports whether a word of a listen is ssl, or is where a tag of a template
// follows: "ssl{% if main %} default_server{% endif %}".
func saysSSL(w parser.Word) bool {
	rest, ok := strings.CutPrefix(w.Value, "ssl")
	return ok && (rest == "" || placeholder(rest))
}

func folderOf(f *parser.File) string { return path.Dir(strings.ReplaceAll(f.Name, `\`, "/")) }

// serves reports whether a server does more than turn everything away: a port 443 on
// which all do so fails for a wss:// with ssl as without.
func serves(vs *effective.VirtualServer) bool {
	if vs.Scope.Partial {
		return true
	}
	if turnsAway(vs.Scope) {
		return false
	}
	away := false
	for i := range vs.Scope.Items {
		s := vs.Scope.Items[i].Scope
		if s == nil || s.Kind != effective.Location {
			continue
		}
		if modifier, match := s.ModifierAndMatch(); match == "/" && modifier != "=" {
			away = turnsAway(s)
		} else if !turnsAway(s) && len(s.Own("stub_status")) == 0 {
			return true
		}
	}
	return !away
}

// turnsAway reports whether a level refuses every request: nginx closes the connection
// (444), or answers with an error.
func turnsAway(s *effective.Scope) bool {
	return slices.ContainsFunc(s.Own("return"), func(it effective.Item) bool {
		code := it.Arg(0)
		return !s.Sometimes(it) && len(code) == 3 && (code[0] == '4' || code[0] == '5') && isNumber(code)
	})
}

// checkPlain443 reports a port 443 without TLS. Beside a fragment, or a site that
// is not enabled, other servers of the tree may say ssl for all on the port. Where a
// listen that says ssl has its port from a template, nobody knows which port that is.
func (p *Pass) checkPlain443(so effective.Socket) {
	said := p.mounts.tlsSaid()
	if said.filled[p.Model] || !slices.ContainsFunc(so.Servers, serves) {
		return
	}
	if p.Model.Outer != effective.Main || p.Model.Config.Site != nil {
		if said.ports[so.Listen.Port] || so.Listen.Item.Directive != nil && said.beside[folderOf(so.Listen.Item.File)] {
			return
		}
	}
	for _, vs := range so.Servers {
		if len(vs.Scope.Block.File.Tags()) > 0 || vs.Scope.Partial || vs.Scope.Parent != nil && vs.Scope.Parent.Partial || sslOn(vs.Scope) {
			return
		}
		for _, l := range vs.Listens {
			if l.Port == so.Listen.Port && (l.SSL || l.QUIC || l.Proxy) {
				return
			}
		}
	}
	if so.Listen.Item.Directive != nil {
		p.Report(atItem(so.Listen.Item, nil, Warning, "port 443 speaks plain HTTP, since no server on it says ssl, and every wss:// or https:// to it fails; write listen 443 ssl"))
	}
}

// sslOn reports whether the old "ssl on" is in effect.
func sslOn(s *effective.Scope) bool {
	items, _ := s.Effective("ssl")
	return len(items) > 0 && strings.EqualFold(items[0].Arg(0), "on")
}
