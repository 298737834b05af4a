package truth

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/fixer"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// needed takes pieces of the diff back, one at a time, and says which were not
// needed: no finding comes back, the tree still reads, and what ordinary
// requests get is the same. Of many pieces only some are tried, unless all is set.
func (t *trial) needed(r *repair, n *tally, all bool) []disagreement {
	rnd := rand.New(rand.NewPCG(t.s.seed, uint64(t.s.number)+1))
	var variants []variant
	for _, c := range r.result.Changes {
		variants = append(variants, withoutPiece(c)...)
	}
	rnd.Shuffle(len(variants), func(i, j int) { variants[i], variants[j] = variants[j], variants[i] })
	if !all {
		variants = variants[:min(len(variants), neededPieces)]
	}
	if len(variants) == 0 {
		return nil
	}
	var out []disagreement
	before := t.build(t.ws.With(r.overlay))
	for _, v := range variants {
		overlay := maps.Clone(r.overlay)
		overlay[v.name] = v.text
		n.Lines++
		ws := t.ws.With(overlay)
		if len(ws.Configs) != 1 || slices.ContainsFunc(ws.Configs[0].Files, func(f *parser.File) bool { return len(f.Errors) > 0 }) {
			continue
		}
		findings, _ := t.lint(overlay)
		if !more(findings, r.result.Remaining) && handed(t.build(ws)) == handed(before) {
			out = append(out, disagreement{kind: "fix needless", about: v.about(), text: fmt.Sprintf("the fix need not have changed %s:%d: %q%s", v.name, v.line, v.piece, r.diff())})
		}
	}
	return out
}

// neededPieces is how many pieces of a diff are taken back.
const neededPieces = 4

// more reports whether a holds a finding that b lacks.
func more(a, b []rules.Finding) bool {
	count := map[string]int{}
	for _, f := range b {
		count[f.Rule.Name+f.Message] += max(1, len(f.Routes))
	}
	for _, f := range a {
		key := f.Rule.Name + f.Message
		if count[key] -= max(1, len(f.Routes)); count[key] < 0 {
			return true
		}
	}
	return false
}

// handed is what the routes of a model hand on besides the handshake: the header
// lines of the request, the lists for the response, and the map's values.
func handed(m *effective.Model) string {
	var b strings.Builder
	for _, r := range m.Routes {
		fmt.Fprintf(&b, "%s %q\n", locOf(r.Scope), r.Pass.Arg(0))
		for _, h := range r.Headers {
			switch strings.ToLower(h.Name) {
			case "connection", "upgrade":
				fmt.Fprintln(&b, h.Name, h.Sent[effective.Ordinary])
			default:
				// A line that says what nginx does by itself is one all the same, and
				// is repeated where a list is.
				fmt.Fprintln(&b, h.Name, h.Value, h.Item.Directive != nil)
			}
		}
		for _, list := range []string{"proxy_hide_header", "proxy_pass_header", "proxy_cache_bypass", "proxy_no_cache",
			"uwsgi_hide_header", "uwsgi_pass_header", "scgi_hide_header", "scgi_pass_header"} {
			items, _ := r.Scope.Effective(list)
			for _, it := range items {
				fmt.Fprintln(&b, list, it.Arg(0))
			}
		}
	}
	return b.String()
}

// build returns the model of a workspace.
func (t *trial) build(ws *parser.Workspace) *effective.Model {
	return effective.Build(ws.Configs[0], effective.Options{Version: t.w.version, WebSocket: []string{"*"}})
}

// variant is the new text of a file without one piece of its diff.
type variant struct {
	name, piece, text string
	line              int // of the new text, at which the piece begins
}

// about is the directive that the piece ends in, which is what it keeps while the
// configuration around it is made smaller.
func (v variant) about() string {
	lines := strings.FieldsFunc(v.piece, func(c rune) bool { return c == '\n' || c == '\r' })
	words := strings.Fields(strings.TrimLeft(lines[len(lines)-1], "+-"))
	return strings.Join(words[:min(len(words), 2)], " ")
}

// diffLine is a line of the old or the new text.
type diffLine struct {
	sign  byte
	text  string
	piece int // from 1; 0 for what is in both
}

// withoutPiece returns the new text with each piece of the diff taken back in
// turn. A piece is one added line, a whole block that was added, or lines that
// took the place of others.
func withoutPiece(c fixer.Change) []variant {
	lines := diffLines(c)
	pieces := 0
	for i := 0; i < len(lines); {
		if lines[i].sign == ' ' {
			i++
			continue
		}
		end, removed := i, false
		for end < len(lines) && lines[end].sign != ' ' {
			removed = removed || lines[end].sign == '-'
			end++
		}
		for first, depth := i, 0; i < end; i++ {
			if depth == 0 && (!removed || i == first) {
				pieces++
			}
			lines[i].piece = pieces
			text := strings.TrimSpace(lines[i].text)
			if strings.HasSuffix(text, "{") {
				depth++
			} else if text == "}" {
				depth--
			}
		}
	}
	var out []variant
	for p := 1; p <= pieces; p++ {
		var text, piece strings.Builder
		line, at := 0, 0
		for _, l := range lines {
			if l.sign != '-' {
				line++
			}
			if l.piece == p && l.sign == '+' && at == 0 {
				at = line
			}
			if l.piece == p {
				piece.WriteByte(l.sign)
				piece.WriteString(l.text)
			}
			if keep := l.sign != '-'; keep != (l.piece == p) {
				text.WriteString(l.text)
			}
		}
		if strings.Trim(piece.String(), "+ \t\r\n") != "" {
			out = append(out, variant{c.Name, piece.String(), text.String(), at})
		}
	}
	return out
}

// diffLines returns every line of both texts, in the order of the diff.
func diffLines(c fixer.Change) []diffLine {
	var lines []diffLine
	old := strings.SplitAfter(c.Old, "\n")
	at := 0
	keep := func(to int) {
		for ; at < to; at++ {
			lines = append(lines, diffLine{sign: ' ', text: old[at]})
		}
	}
	inHunk := false
	for l := range strings.SplitAfterSeq(c.Diff(), "\n") {
		switch {
		case l == "":
		case strings.HasPrefix(l, "@@"):
			inHunk = true
			from, count := 0, 1
			if n, _ := fmt.Sscanf(l, "@@ -%d,%d", &from, &count); n == 0 {
				panic(fmt.Sprintf("hunk %q", l))
			}
			if count == 0 {
				from++
			}
			keep(from - 1)
		case !inHunk:
		case l[0] == '\\':
			last := &lines[len(lines)-1]
			last.text = strings.TrimSuffix(last.text, "\n")
		default:
			if l[0] != '+' {
				at++
			}
			lines = append(lines, diffLine{sign: l[0], text: l[1:]})
		}
	}
	keep(len(old))
	return lines
}
