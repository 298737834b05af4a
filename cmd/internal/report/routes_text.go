package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// RoutesText prints proxied locations as a table, broken ones first, and one
// line that counts all, those that were asked for or not.
func RoutesText(w io.Writer, routes, all []*effective.Route, s Style) error {
	b := bufio.NewWriter(w)
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(x, y *effective.Route) int { return rank(x) - rank(y) })
	if len(routes) > 0 {
		s.table(b, routes)
	}
	if !s.Quiet {
		s.tell(b, countRoutes(all))
	}
	return b.Flush()
}

// countRoutes says how many routes are meant for WebSocket, and how many of
// those are broken.
func countRoutes(all []*effective.Route) string {
	if len(all) == 0 {
		return "no proxied locations"
	}
	count := map[effective.Verdict]int{}
	meant := 0
	for _, r := range all {
		if r.Intent != effective.None {
			meant++
			count[r.Verdict]++
		}
	}
	text := Plural(len(all), "proxied location", "proxied locations")
	if meant == 0 {
		return text + ", none known to be meant for WebSocket; name those that are with --websocket=PATTERN or a comment \"# wsnginx:websocket\""
	}
	var parts []string
	for _, v := range []effective.Verdict{effective.Broken, effective.Unknown, effective.Works} {
		word := string(v)
		if v == effective.Works && count[v] != 1 {
			word = "work"
		}
		if n := count[v]; n == meant && n > 1 {
			parts = append(parts, "all "+word)
		} else if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return fmt.Sprintf("%s; %d meant for WebSocket: %s", text, meant, strings.Join(parts, ", "))
}

// rank orders routes by how much they need attention.
func rank(r *effective.Route) int {
	n := map[effective.Intent]int{effective.Declared: 0, effective.Likely: 1, effective.Inherited: 2, effective.None: 3}[r.Intent]
	switch {
	case r.Intent == effective.None:
		n = 20
	case r.Verdict == effective.Unknown:
		n += 5
	case r.Verdict == effective.Works:
		n += 10
	}
	return n
}

// The columns of the table.
const (
	columnServer = iota
	columnLocation
	columnUpstream
	columnIntent
	columnVerdict
	columnIdle
	columnWhere
	columnCount
)

// rowHeads are the titles of the columns.
var rowHeads = [columnCount]string{"SERVER", "LOCATION", "UPSTREAM", "INTENT", "VERDICT", "IDLE", "WHERE"}

// columnGap is how many blanks stand between two columns.
const columnGap = 2

// table prints routes, a line each; on a terminal that is too narrow for that,
// two lines each.
func (s Style) table(w io.Writer, routes []*effective.Route) {
	shown := []int{columnServer, columnLocation, columnUpstream, columnIntent, columnVerdict, columnIdle, columnWhere}
	rows := [][columnCount]string{rowHeads}
	for _, r := range routes {
		rows = append(rows, s.row(r))
	}
	var widths [columnCount]int
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], textWidth(text))
		}
	}
	twoLines := false
	if !s.fit(&widths, shown, columnLeast) {
		shown, twoLines = []int{columnServer, columnLocation, columnVerdict, columnIdle}, true
		if !s.fit(&widths, shown, columnLeast) {
			s.fit(&widths, shown, columnUtmost)
		}
	}
	for n, row := range rows {
		var b strings.Builder
		for at, i := range shown {
			text := cut(row[i], widths[i])
			if i == columnWhere {
				text = cutFront(row[i], widths[i])
			}
			p := paint("")
			switch {
			case n == 0:
				p = bold
			case i == columnVerdict && routes[n-1].Intent != effective.None:
				p = verdictPaint(routes[n-1].Verdict)
			}
			if p == "" {
				b.WriteString(text)
			} else {
				b.WriteString(s.in(p, text))
			}
			if at+1 < len(shown) {
				b.WriteString(strings.Repeat(" ", widths[i]-textWidth(text)+columnGap))
			}
		}
		fmt.Fprintln(w, b.String())
		if twoLines && n > 0 {
			rest := fmt.Sprintf("%s, to %s, %s", row[columnWhere], row[columnUpstream], row[columnIntent])
			if row[columnIntent] == string(effective.None) {
				rest = fmt.Sprintf("%s, to %s", row[columnWhere], row[columnUpstream])
			}
			fmt.Fprintln(w, "    "+s.in(dim, cut(rest, max(20, s.Width-4))))
		}
	}
}

// columnLeast is how narrow a column may become, columnUtmost where nothing else
// helps; those that are not in it stay as they are.
var (
	columnLeast  = map[int]int{columnServer: 12, columnLocation: 12, columnUpstream: 14, columnWhere: 20}
	columnUtmost = map[int]int{columnServer: 8, columnLocation: 8, columnVerdict: 12}
)

// fit makes the widest of the shown columns narrower, none below its least,
// until all fit on the terminal, and reports whether they do.
func (s Style) fit(widths *[columnCount]int, shown []int, least map[int]int) bool {
	narrow := *widths
	total := -columnGap
	for _, i := range shown {
		total += narrow[i] + columnGap
	}
	for ; s.Width > 0 && total > s.Width; total-- {
		widest := -1
		for _, i := range shown {
			if n := least[i]; n > 0 && narrow[i] > n && (widest < 0 || narrow[i] > narrow[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		narrow[widest]--
	}
	*widths = narrow
	return true
}

func verdictPaint(v effective.Verdict) paint {
	switch v {
	case effective.Works:
		return green
	case effective.Broken:
		return red
	default:
		return yellow
	}
}

func (s Style) row(r *effective.Route) [columnCount]string {
	verdict := string(r.Verdict)
	switch {
	case r.Intent == effective.None: // nobody asked
		verdict = "(" + verdict + ")"
	case r.Verdict == effective.Broken:
		verdict += ": " + reasonWords(r)
	case r.Verdict == effective.Unknown && r.Undecided != "":
		verdict += ": " + Clean(s.sentence(r.Undecided))
	}
	pass, where := "", ""
	if p := r.Pass.Directive; p != nil {
		pass = Clean(p.Arg(0))
		if p.Head.Value != "proxy_pass" {
			pass = p.Head.Value + " " + pass
		}
		where = fmt.Sprintf("%s:%d", Clean(s.Name(p.File.Name)), p.File.Position(p.Span.Start).Line)
	}
	idle := Clean(r.Idle.Text)
	if idle == "" {
		idle = "-"
	}
	return [columnCount]string{
		cut(serverName(r.Server), 40), cut(orDash(Clean(locationName(r.Location))), 50), cut(pass, 50),
		string(r.Intent), verdict, idle, where,
	}
}

// serverName returns a server's first name with the number of others, or what
// it listens on where it has no name.
func serverName(v *effective.VirtualServer) string {
	if v == nil {
		return "-"
	}
	names := slices.DeleteFunc(slices.Clone(v.Names), func(n string) bool { return n == "" })
	if len(names) == 0 {
		if len(v.Listens) > 0 {
			return Clean(v.Listens[0].Text)
		}
		return "-"
	}
	if len(names) > 1 {
		return fmt.Sprintf("%s +%d", Clean(names[0]), len(names)-1)
	}
	return Clean(names[0])
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// cut shortens text to at most n columns.
func cut(text string, n int) string {
	if textWidth(text) <= n {
		return text
	}
	var b strings.Builder
	used := 1
	for _, r := range text {
		if used += runeWidth(r); used > n {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + "…"
}

// cutFront shortens text to at most n columns and keeps its end: of a place that
// is what tells.
func cutFront(text string, n int) string {
	if textWidth(text) <= n {
		return text
	}
	runes := []rune(text)
	used := 1
	at := len(runes)
	for at > 0 && used+runeWidth(runes[at-1]) <= n {
		at--
		used += runeWidth(runes[at])
	}
	return "…" + string(runes[at:])
}
