package effective

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/intent.md")

// corpusRoot is the folder of real configurations, which is no part of the project.
func corpusRoot(t *testing.T) string {
	t.Helper()
	root := os.Getenv("WSNGINX_CORPUS")
	if root == "" {
		t.Skip("WSNGINX_CORPUS names no folder of real configurations")
	}
	return root
}

// The labels of testdata/intent.tsv.
const (
	isWebSocket = "websocket"
	isPlain     = "plain"
	isUnclear   = "unclear"
	// silent begins the reason of a label that nobody could read in the file.
	silent = "nothing in the file: "
)

// at is a line of the corpus.
type at struct {
	file string
	line int
}

type label struct {
	at
	is, why string
}

func readLabels(t *testing.T) []label {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "testdata", "intent.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var labels []label
	for n, line := range strings.Split(strings.TrimSuffix(string(src), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 || f[0] == "" || f[3] == "" {
			t.Fatalf("intent.tsv:%d: %q is not path, line, label, reason", n+1, line)
		}
		number, err := strconv.Atoi(f[1])
		if err != nil || !slices.Contains([]string{isWebSocket, isPlain, isUnclear}, f[2]) {
			t.Fatalf("intent.tsv:%d: %q is not path, line, label, reason", n+1, line)
		}
		labels = append(labels, label{at{f[0], number}, f[2], f[3]})
	}
	return labels
}

func TestIntentLabels(t *testing.T) {
	labels := readLabels(t)
	count := map[string]int{}
	for i, l := range labels {
		count[l.is]++
		if i > 0 && (cmp.Compare(labels[i-1].file, l.file) > 0 || labels[i-1].at == l.at) {
			t.Errorf("%s:%d is out of order, or twice", l.file, l.line)
		}
	}
	if count[isWebSocket] < 100 || count[isPlain] < 100 {
		t.Errorf("%d locations for WebSocket and %d plain ones are judged, want 100 of each", count[isWebSocket], count[isPlain])
	}
}

// decisions works out the intent of every proxied location below dir: where one
// is mounted more than once, the strongest.
func decisions(into map[at]decision, dir string) {
	for _, cfg := range parser.Open([]string{dir}, parser.Options{}).Configs {
		m := Build(cfg, Options{})
		for _, r := range m.Routes {
			d := r.Pass.Directive
			if r.Location != nil && r.Location.Block != nil {
				d = r.Location.Block
			}
			key := at{filepath.ToSlash(d.File.Name), d.File.Position(d.Span.Start).Line}
			got := decision{r.Intent, r.sign, r.IntentWhy}
			if had, ok := into[key]; !ok || strength[got.intent] > strength[had.intent] {
				into[key] = got
			}
		}
	}
}

var strength = map[Intent]int{None: 0, Inherited: 1, Likely: 2, Declared: 3}

// Intent on the corpus: held against what was judged by hand, and counted by
// what decided it.
func TestIntentOnCorpus(t *testing.T) {
	root := corpusRoot(t)
	page, err := filepath.Abs(filepath.Join("..", "..", "docs", "intent.md"))
	if err != nil {
		t.Fatal(err)
	}
	labels := readLabels(t)
	t.Chdir(root)
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	all := map[at]decision{}
	for _, f := range folders {
		if f.IsDir() {
			decisions(all, f.Name())
		}
	}
	signsTable := signTable(all)
	for _, l := range labels { // files that a folder's run passes over
		if _, ok := all[l.at]; !ok {
			one := map[at]decision{}
			decisions(one, l.file)
			if d, ok := one[l.at]; ok {
				all[l.at] = d
			} else {
				t.Errorf("%s:%d: no proxied location is read there", l.file, l.line)
			}
		}
	}
	m := measure(t, labels, all)
	t.Logf("\n%s\n%s", signsTable, m.table())
	if p := m.precision(); p < 0.94 {
		t.Errorf("precision is %.3f, want 0.94", p)
	}
	if r := m.recall(); r < 0.98 {
		t.Errorf("recall is %.3f where the file says something, want 0.98", r)
	}
	if n := m.silentFound; n > 0 {
		t.Errorf("%d locations are called WebSocket of which the file says nothing", n)
	}
	checkPage(t, page, map[string]string{"signs": signsTable, "measured": m.table()})
}

// measured compares decisions with labels.
type measured struct {
	count       map[Intent]map[string]int // by intent, by label
	silent      int                       // labelled websocket, and nothing in the file says so
	silentFound int
}

func measure(t *testing.T, labels []label, all map[at]decision) *measured {
	t.Helper()
	m := &measured{count: map[Intent]map[string]int{}}
	for _, l := range labels {
		d, ok := all[l.at]
		if !ok {
			continue
		}
		if strings.HasPrefix(l.why, silent) {
			if m.silent++; d.intent != None {
				m.silentFound++
			}
			continue
		}
		if m.count[d.intent] == nil {
			m.count[d.intent] = map[string]int{}
		}
		m.count[d.intent][l.is]++
		if (d.intent != None) == (l.is == isPlain) && l.is != isUnclear {
			t.Logf("%s:%d is %s (%s), and intent says %s: %s", l.file, l.line, l.is, l.why, d.intent, d.why)
		}
	}
	return m
}

func (m *measured) sum(label string, intents ...Intent) int {
	n := 0
	for _, i := range intents {
		n += m.count[i][label]
	}
	return n
}

func (m *measured) precision() float64 {
	right, wrong := m.sum(isWebSocket, Declared, Likely, Inherited), m.sum(isPlain, Declared, Likely, Inherited)
	return float64(right) / float64(right+wrong)
}

func (m *measured) recall() float64 {
	found, missed := m.sum(isWebSocket, Declared, Likely, Inherited), m.sum(isWebSocket, None)
	return float64(found) / float64(found+missed)
}

func (m *measured) table() string {
	var b strings.Builder
	b.WriteString("| intent | judged websocket | judged plain | unclear |\n|---|---|---|---|\n")
	for _, i := range []Intent{Declared, Likely, Inherited, None} {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", i, m.count[i][isWebSocket], m.count[i][isPlain], m.count[i][isUnclear])
	}
	right := m.sum(isWebSocket, Declared, Likely)
	fmt.Fprintf(&b, "\nPrecision %.3f (%.3f without inherited), recall %.3f.", m.precision(),
		float64(right)/float64(right+m.sum(isPlain, Declared, Likely)), m.recall())
	fmt.Fprintf(&b, " %d more locations carry WebSocket,\nand nothing in the file says so; all but %d are called none.\n", m.silent, m.silentFound)
	return b.String()
}

// signWords says what each sign is, in the order in which they are asked.
var signWords = [signs]struct{ sign, then string }{
	byComment:       {"a comment `# wsnginx:websocket` or `# wsnginx:not-websocket`", "as it says"},
	byFlag:          {"`--not-websocket` or `--websocket` matches", "as it says"},
	bySubrequest:    {"auth_request or mirror sends copies of requests here, or nothing leads to its one internal path", "none"},
	byFile:          {"such lines are set, and the one path, or every end of a pattern, is a script's, a style's, a picture's or a page's", "none"},
	byOwnLine:       {"the location sets Upgrade, a Connection with upgrade, or hands a Sec-WebSocket line on", "declared"},
	byRefusedGet:    {"such lines come from an included file, and limit_except refuses GET", "none"},
	byCondition:     {"an if, a map or a try_files decides on `$http_upgrade`", "declared"},
	byHandOver:      {"a location that sets such lines hands over to this one", "declared"},
	byOuterPlain:    {"an outer level, or a file that most locations include, sets such lines; the path is a plain one", "none"},
	byOuterCatchAll: {"the same, and this is the server's catch-all", "declared"},
	byOuterPath:     {"the same, and the path is a usual WebSocket path", "declared"},
	byPath:          {"the path, or the proxied one, is a usual WebSocket path", "likely"},
	byHandOverPath:  {"a location with such a path hands over to this one", "likely"},
	byScheme:        {"the scheme in proxy_pass is ws or wss", "likely"},
	byOuterLine:     {"an outer level, or a file that most locations include, sets such lines", "inherited"},
	byFront:         {"a location of the same configuration that is meant for it passes its requests on to this one", "as there; likely from a catch-all"},
	byBack:          {"its requests go on to a location of the same configuration that is meant for it", "likely"},
	byNothing:       {"nothing", "none"},
}

func signTable(all map[at]decision) string {
	var n [signs]int
	for _, d := range all {
		n[d.sign]++
	}
	var b strings.Builder
	b.WriteString("| | sign | intent | locations |\n|---|---|---|---|\n")
	for s, w := range signWords {
		fmt.Fprintf(&b, "| %d | %s | %s | %d |\n", s+1, w.sign, w.then, n[s])
	}
	return b.String()
}

// TestIntentPage holds the signs and words of docs/intent.md against the code
// where there is no corpus to count them in.
func TestIntentPage(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "docs", "intent.md"))
	if err != nil {
		t.Fatal(err)
	}
	for s, w := range signWords {
		if row := fmt.Sprintf("| %d | %s | %s |", s+1, w.sign, w.then); !strings.Contains(string(src), row) {
			t.Errorf("docs/intent.md has no row %q; WSNGINX_CORPUS=… go test ./rules/effective -update writes it", row)
		}
	}
	words := slices.Concat(slices.Collect(maps.Keys(socketWords)), slices.Collect(maps.Keys(likelyWords)),
		slices.Collect(maps.Keys(plainWords)), serviceWords[:], otherHubs)
	for _, p := range likelyParts {
		words = append(words, p.segments)
	}
	for _, p := range servedPaths {
		words = append(words, p.segment)
	}
	for _, w := range words {
		if !strings.Contains(string(src), "`"+w+"`") && w != "xmpp-websocket" {
			t.Errorf("docs/intent.md does not name %q", w)
		}
	}
	for _, p := range pingers {
		row := fmt.Sprintf("%s (%gs)", strings.Join(p.names, ", "), p.every.Seconds())
		if !strings.Contains(strings.Join(strings.Fields(string(src)), " "), row) {
			t.Errorf("docs/intent.md does not say %q", row)
		}
	}
}

// checkPage compares the tables between the marks of a page, or rewrites them.
func checkPage(t *testing.T, page string, tables map[string]string) {
	t.Helper()
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for name, table := range tables {
		start, end := "<!-- "+name+": written by go test ./rules/effective -update -->\n", "<!-- /"+name+" -->"
		i, j := strings.Index(text, start), strings.Index(text, end)
		if i < 0 || j < i {
			t.Fatalf("%s has no marks for %s", page, name)
		}
		text = text[:i+len(start)] + "\n" + table + "\n" + text[j:]
	}
	if text == string(src) {
		return
	}
	if !*update {
		t.Errorf("%s is stale; WSNGINX_CORPUS=… go test ./rules/effective -update rewrites it", filepath.Base(page))
		return
	}
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
