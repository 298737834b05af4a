package settings

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wsnginx/wsnginx/rules"
)

// full has every key there is.
const full = `# everything
select: [default, security]
extend-select: tls
ignore:
  - lost-host
severity:
  short-read-timeout: info
  tls: off
fail-on: error
read-timeout: {min: 10m, set: 12h}
websocket: ["/live/*", "~ ^/s"]
not-websocket:
  - /ws-docs
root: nginx/nginx.conf
map:
  /etc/nginx: ./nginx
  /opt/sites: sites
nginx-version: 1.30
exclude: ["*.bak", old/**]
strict: true
format: sarif
color: never
baseline: .wsnginx-baseline.json
overrides:
  - paths: [legacy/**, "*.old.conf"]
    extend-select: [trailing-slash-redirect]
    ignore: short-read-timeout
    severity: {handshake: warning}
    fail-on: never
    read-timeout: {min: 60}
    websocket: "*"
    not-websocket: [/a]
`

func parse(t *testing.T, src string) *Settings {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "nginx/nginx.conf"), "")
	s, err := Parse(filepath.Join(dir, FileName), FileName, src)
	if err != nil {
		t.Fatalf("Parse:\n%v\nin\n%s", err, src)
	}
	return s
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestParse(t *testing.T) {
	s := parse(t, full)
	want := Text{"1.30", 18, 16}
	if s.NginxVersion != want {
		t.Errorf("nginx-version is %v, want %v", s.NginxVersion, want)
	}
	if got := s.Severity[1]; got.Key != (Text{"tls", 8, 3}) || got.Value != (Text{"off", 8, 8}) {
		t.Errorf("the second severity is %v", got)
	}
	if got := s.Map[1]; got.Key.Value != "/opt/sites" || got.Value.Value != "sites" {
		t.Errorf("the second map is %v", got)
	}
	if o := s.Overrides[0]; o.Ignore[0].Value != "short-read-timeout" || o.ReadTimeout.Min.Value != "60" || o.WebSocket[0].Value != "*" || len(o.Paths) != 2 {
		t.Errorf("the override is %v", o)
	}
	// Every field was filled: full has every key.
	empty(t, reflect.ValueOf(*s), "settings", map[string]bool{"Set": true})
}

func empty(t *testing.T, v reflect.Value, name string, may map[string]bool) {
	t.Helper()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case v.Field(i).IsZero() && !may[f.Name]:
			t.Errorf("%s.%s is empty", name, f.Name)
		case f.Type == reflect.TypeFor[ReadTimeout]():
			empty(t, v.Field(i), f.Name, may)
		case f.Type == reflect.TypeFor[[]Override]():
			empty(t, v.Field(i).Index(0), f.Name, may)
		}
	}
}

// What is wrong is said with its place, one line each.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      []string
	}{
		{"unknown key", "selct: [all]\n", []string{`1:1: unknown key "selct"; did you mean "select"?`}},
		{"underscore", "fail_on: error\n", []string{`1:1: unknown key "fail_on"; did you mean "fail-on"?`}},
		{"nothing like it", "zzz: 1\n", []string{`1:1: unknown key "zzz"; known are select, extend-select, `}},
		{"in an override", "overrides:\n  - paths: a\n    root: b\n", []string{`3:5: unknown key "root" in "overrides"; known are `}},
		{"in read-timeout", "read-timeout:\n  least: 5m\n", []string{`2:3: unknown key "least" in "read-timeout"; known are min, set`}},
		{"near one in read-timeout", "read-timeout:\n  mn: 5m\n", []string{`2:3: unknown key "mn" in "read-timeout"; did you mean "min"?`}},
		{"a part of one", "timeout: 5m\n", []string{`1:1: unknown key "timeout"; did you mean "read-timeout"?`}},
		{"two at once", "fial-on: x\nstrict: maybe\n", []string{`1:1: unknown key "fial-on"`, `2:9: "strict" is "maybe"; want true or false`}},
		{"twice", "root: a\nroot: b\n", []string{`2:1: mapping key "root" already defined at [1:1]`}},
		{"a list for a word", "fail-on: [error]\n", []string{`1:10: "fail-on" wants one value, not a list`}},
		{"a table for a list", "ignore:\n  lost-host: x\n", []string{`2:3: "ignore" wants a list, not a table of keys`}},
		{"a word for a table", "severity: warning\n", []string{`1:11: "severity" wants a table of keys, not one value`}},
		{"a list for a table", "map: [/etc/nginx]\n", []string{`1:6: "map" wants a table of keys, not a list`}},
		{"text for overrides", "overrides: a\n", []string{`1:12: "overrides" wants a list, not one value`}},
		{"a list in a list", "ignore: [[lost-host]]\n", []string{`1:10: "an entry of ignore" wants one value, not a list`}},
		{"no value", "root:\nstrict: true\n", []string{`1:1: "root" has no value`}},
		{"no entries", "ignore: []\n", []string{`1:9: "ignore" is empty`}},
		{"an empty entry", "ignore:\n  -\n  - lost-host\n", []string{`an entry of "ignore" is empty`}},
		{"an empty word", "ignore: ['']\n", []string{`1:10: "ignore" is empty`}},
		{"a rule that is none", "ignore: [lost-hots]\n", []string{`1:10: unknown rule "lost-hots"; did you mean "lost-host"?`}},
		{"a comma list", "ignore: lost-host,pass-path\n", []string{`1:9: "lost-host,pass-path": write each rule as an entry of a list`}},
		{"severity of no rule", "severity:\n  lifetim: info\n", []string{`2:3: unknown rule "lifetim"; did you mean "lifetime"?`}},
		{"severity of all", "severity:\n  all: info\n", []string{`2:3: severities are those of one rule or category, not of "all"`}},
		{"no severity", "severity:\n  tls: fatal\n", []string{`2:8: "tls" is "fatal"; want error, warning, info or off`}},
		{"fail-on", "fail-on: fatal\n", []string{`1:10: "fail-on" is "fatal"; want error, warning, info or never`}},
		{"boolean in quotes", "strict: 'true'\n", []string{`1:9: "strict" is "true"; want true or false`}},
		{"boolean for text", "root: true\n", []string{`1:7: "root" is a boolean, not text; if true is meant, put it in quotes`}},
		{"number for text", "websocket: [1]\n", []string{`1:13: "websocket" is a number, not text`}},
		{"version", "nginx-version: latest\n", []string{`1:16: nginx version "latest": want two or three numbers`}},
		{"version without a dot", "nginx-version: 2\n", []string{`1:16: nginx version "2"`}},
		{"time", "read-timeout:\n  min: 5min\n", []string{`2:8: "5min" is no time; write 5m, 90s or 24h`}},
		{"time of nothing", "read-timeout: {min: 0}\n", []string{`1:21: "0" is no time`}},
		{"set below min", "read-timeout: {min: 1h, set: 30m}\n", []string{`1:30: read-timeout.set (30m) is below read-timeout.min (1h)`}},
		{"set below the default", "read-timeout: {set: 1m}\n", []string{`1:21: read-timeout.set (1m) is below read-timeout.min (5m)`}},
		{"min of an override", "read-timeout: {set: 1h}\noverrides: [{paths: a, read-timeout: {min: 2h}}]\n", []string{`2:44: read-timeout.set (1h) is below read-timeout.min (2h)`}},
		{"map from a relative path", "map:\n  nginx: b\n", []string{`2:3: "nginx" is not an absolute path`}},
		{"pattern", "exclude: ['a[']\n", []string{`1:11: "a[" is not a pattern`}},
		{"pattern outside", "exclude: ../a/**\n", []string{`1:10: "../a/**" leads out of the folder`}},
		{"absolute pattern", "overrides:\n- paths: /etc/**\n", []string{`2:10: "/etc/**" leads out of the folder`}},
		{"override without paths", "overrides:\n  - ignore: lost-host\n", []string{`2:5: "paths" is missing`}},
		{"root that is not there", "root: nginx.conf\n", []string{`1:7: root "nginx.conf" does not exist`}},
		{"a list of settings", "- ignore\n", []string{`1:1: settings want a table of keys, not a list`}},
		{"a word", "hello\n", []string{`1:1: settings want a table of keys, not one value`}},
		{"two documents", "strict: true\n---\nstrict: false\n", []string{`3:1: a second document is not read`}},
		{"a star", "websocket: *\n", []string{`1:12: `}},
		{"a star in a list", "websocket:\n  - */ws\n", []string{`2:5: a value that begins with *`}},
		{"merge", "a: &a {strict: true}\n<<: *a\n", []string{`1:1: unknown key "a"`, `2:1: << is not read`}},
		{"tag", "strict: true\nroot: !!binary x\n", []string{`2:7: tags such as !!binary are not read`}},
		{"tag of a severity", "severity:\n  lost-host: !!str info\n", []string{`2:14: tags such as !!str are not read`}},
		{"alias of nothing", "strict: true\nwebsocket: */live\n", []string{`2:12: a value that begins with * stands for another one in YAML, and there is no &/live; write it in quotes`}},
		{"tab", "read-timeout:\n\tmin: 5m\n", []string{`2:1: found character '\t' that cannot start any token`}},
		{"open bracket", "ignore: [lost-host\n", []string{`1:9: sequence end token ']' not found`}},
		{"not text", "root: \xff\n", []string{`is not text in UTF-8`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(filepath.Join(t.TempDir(), FileName), FileName, c.src)
			var m Mistakes
			if !errors.As(err, &m) {
				t.Fatalf("Parse(%q) = %v, want mistakes", c.src, err)
			}
			if len(m) != len(c.want) {
				t.Errorf("Parse(%q) has %d mistakes, want %d:\n%v", c.src, len(m), len(c.want), err)
			}
			for i := range min(len(m), len(c.want)) {
				line := m[i].Error()
				if !strings.Contains(line, c.want[i]) || !strings.HasPrefix(line, FileName+":") || strings.Contains(line, "\n") {
					t.Errorf("Parse(%q): %q, want %q", c.src, line, c.want[i])
				}
			}
		})
	}
}

// An alias stands for its anchor, and many aliases of aliases are bounded.
func TestAlias(t *testing.T) {
	s := parse(t, "ignore: &few [lost-host, pass-path]\noverrides:\n  - paths: a\n    ignore: *few\n")
	if len(s.Overrides[0].Ignore) != 2 {
		t.Errorf("the alias stands for %v", s.Overrides[0].Ignore)
	}
	bomb := "websocket: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += "k" + string(rune('0'+i)) + ": &a" + string(rune('1'+i)) + " [" + strings.Repeat("*a"+string(rune('0'+i))+", ", 9) + "x]\n"
	}
	if _, err := Parse("/x", FileName, bomb); err == nil {
		t.Error("aliases of aliases were read")
	}
}

func TestEmpty(t *testing.T) {
	for _, src := range []string{"", "# nothing\n", "---\n", "\ufeff", "{}\n"} {
		parse(t, src)
	}
}

// schemaOf compiles the schema.
func schemaOf(t *testing.T) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatalf("the schema is not JSON: %v", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("s.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	return s, doc.(map[string]any)
}

// The schema has the keys of the structs, and the words of the choices.
func TestSchemaKeys(t *testing.T) {
	_, doc := schemaOf(t)
	at := func(path string) any {
		var v any = doc
		for name := range strings.SplitSeq(path, " ") {
			v = v.(map[string]any)[name]
		}
		return v
	}
	for path, typ := range map[string]reflect.Type{
		"properties":                            reflect.TypeFor[Settings](),
		"properties overrides items properties": reflect.TypeFor[Override](),
		"$defs read-timeout properties":         reflect.TypeFor[ReadTimeout](),
	} {
		var want []string
		for _, f := range fieldsOf(typ) {
			want = append(want, f.name)
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(at(path).(map[string]any))); !slices.Equal(got, want) {
			t.Errorf("the schema's %s has the keys %v, want %v", path, got, want)
		}
	}
	for name, path := range map[string]string{
		"severity": "$defs severity", "fail-on": "$defs fail-on", "format": "properties format", "color": "properties color",
	} {
		var got []string
		for _, w := range at(path + " enum").([]any) {
			got = append(got, w.(string))
		}
		if !slices.Equal(got, choices[name]) {
			t.Errorf("the schema's %s is one of %v, want %v", name, got, choices[name])
		}
	}
	for _, w := range at("$defs rule enum").([]any) {
		if err := isRule(w.(string)); err != nil {
			t.Errorf("the schema names %q: %v", w, err)
		}
	}
	for _, r := range rules.All() {
		if !slices.Contains(categories(), string(r.Category)) {
			t.Errorf("the schema lacks category %s", r.Category)
		}
	}
}

// What the schema takes Parse takes, and the other way round.
func TestSchemaExamples(t *testing.T) {
	s, _ := schemaOf(t)
	good := []string{full, "", "{}\n", "strict: false\n", "ignore: lost-host\n", "read-timeout: {min: 90}\n", "read-timeout: {min: 1h 30m}\n",
		"nginx-version: 1.22.1\n", "nginx-version: '1.22'\n", "severity:\n  lost-host: off\n"}
	bad := []string{"selct: all\n", "select: []\n", "select: [lost-hots]\n", "ignore:\n", "strict: 'true'\n", "strict: 1\n", "root: true\n", "root: ''\n",
		"fail-on: fatal\n", "format: xml\n", "color: red\n", "severity: {all: info}\n", "severity: {tls: fatal}\n", "severity: [tls]\n",
		"map: {nginx: x}\n", "map: [a]\n", "nginx-version: latest\n", "nginx-version: true\n", "exclude: /etc/**\n", "exclude: ../x\n", "overrides: []\n",
		"overrides: [{ignore: lost-host}]\n", "overrides: [{paths: a, root: b}]\n", "overrides: [{paths: []}]\n", "read-timeout: 5m\n",
		"read-timeout: {min: 5min}\n", "read-timeout: {min: 0}\n", "read-timeout: {mn: 5m}\n", "websocket: [1]\n", "- a\n", "hello\n"}
	try := func(src string, want bool) {
		t.Helper()
		dir := t.TempDir()
		write(t, filepath.Join(dir, "nginx/nginx.conf"), "")
		_, err := Parse(filepath.Join(dir, FileName), FileName, src)
		if (err == nil) != want {
			t.Errorf("Parse(%q) = %v, want it taken: %v", src, err, want)
		}
		var v any
		if err := yaml.Unmarshal([]byte(src), &v); err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		if err := s.Validate(jsonValue(v)); (err == nil) != want {
			t.Errorf("the schema says of %q: %v, want it taken: %v", src, err, want)
		}
	}
	for _, src := range good {
		try(src, true)
	}
	for _, src := range bad {
		try(src, false)
	}
}

// jsonValue returns what a YAML value is in JSON.
func jsonValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = jsonValue(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = jsonValue(x)
		}
		return out
	case uint64:
		return float64(v)
	case int64:
		return float64(v)
	}
	return v
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add("websocket: *\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, src string) {
		s, err := Parse("/nowhere/"+FileName, FileName, src)
		var m Mistakes
		if (s == nil) == (err == nil) || err != nil && (!errors.As(err, &m) || len(m) == 0) {
			t.Errorf("Parse(%q) = %v, %v", src, s, err)
		}
		for _, one := range m {
			if strings.ContainsAny(one.Message, "\n") && !strings.ContainsAny(src, "\n") {
				t.Errorf("Parse(%q): more than one line: %q", src, one.Message)
			}
		}
	})
}
