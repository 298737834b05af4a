package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// proxy_set_header takes the name as it is written and puts a colon after it
// (ngx_http_proxy_init_headers): "Upgrade:" is sent as "Upgrade:: websocket",
// which says ": websocket" to whoever reads it.

// reportColon reports the line of the route whose name ends in a colon, where
// that is why the header does not arrive.
func (p *Pass) reportColon(r *effective.Route, header string, sev Severity) bool {
	needs := map[string]string{"Upgrade": "websocket", "Connection": "upgrade"}[header]
	lines, _ := r.Scope.Effective("proxy_set_header")
	for _, it := range lines {
		if !strings.EqualFold(it.Arg(0), header+":") || !sends(r, it, needs) {
			continue
		}
		f := atItem(it, r, sev, fmt.Sprintf(
			"the colon is part of the name, so that the upstream gets \"%s:: …\" and no %s; take the colon out", header, header))
		f.Fix = fixOf(Safe, "take the colon out", p.dropColon(it), true)
		p.Report(f)
		return true
	}
	return false
}

// sends reports whether a line of the route sends a value with the token for a
// handshake: where it does not, its colon is not all that is wrong with it.
func sends(r *effective.Route, line effective.Item, token string) bool {
	return slices.ContainsFunc(r.Headers, func(h effective.Header) bool {
		v := h.Sent[effective.Handshake]
		return h.Item.Directive == line.Directive && (!v.Known || effective.HasToken(v.Text, token))
	})
}

// dropColon returns the edit that takes the colon out of a header's name; none
// where the line stands in a file that is mounted elsewhere too.
func (p *Pass) dropColon(line effective.Item) []Edit {
	if !p.mounts.once(line.File) {
		return nil
	}
	span := line.Args[0].Span
	i := strings.LastIndexByte(line.File.Src[span.Start:span.End], ':')
	if i < 0 {
		return nil
	}
	return []Edit{{File: line.File, Span: parser.Span{Start: span.Start + i, End: span.Start + i + 1}}}
}

// checkColon reports a line for any other header whose name ends in a colon: it
// is sent beside the line that it was to replace.
func (p *Pass) checkColon(it effective.Item) {
	name, ok := strings.CutSuffix(it.Arg(0), ":")
	if !ok || len(it.Args) != 2 || it.Arg(1) == "" || isUpgradeOrConnection(name) {
		return
	}
	routes := p.routesOf(it.Directive)
	f := atItem(it, nil, p.duplicateSeverity(routes, name), fmt.Sprintf(
		"the colon is part of the name, and the upstream gets \"%s:: …\" beside any other line for %s; take the colon out", name, name))
	f.Routes = routes
	f.Fix = fixOf(Unsafe, "take the colon out", p.dropColon(it), true)
	p.Report(f)
}
