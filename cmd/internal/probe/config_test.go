package probe

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// joined probes a URL and holds it against the configuration in dir.
func joined(t *testing.T, dir, link string, change func(*Options)) (*Result, *Config, report.Style) {
	t.Helper()
	var kept *Options
	r := run(t, link, func(o *Options) {
		if change != nil {
			change(o)
		}
		kept = o
	})
	w := parser.Open([]string{filepath.Join(dir, "nginx.conf")}, parser.Options{})
	if len(w.Configs) != 1 {
		t.Fatalf("%d configurations in %s: %v", len(w.Configs), dir, w.Problems)
	}
	version, err := effective.ParseVersion(r.ServerVersion())
	if err != nil {
		version = effective.DefaultVersion
	}
	m := effective.Build(w.Configs[0], effective.Options{Version: version})
	trace, err := m.Trace(r.TracedURL(kept))
	if err != nil {
		t.Fatal(err)
	}
	list, err := rules.Select(rules.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	style := report.Style{Dir: dir}
	return r, Join(r, m, trace, rules.Run([]*effective.Model{m}, rules.Options{Rules: list}), style), style
}

// edit changes the configuration on disk; the nginx that runs knows nothing of
// it.
func edit(t *testing.T, dir, old, by string) {
	t.Helper()
	name := filepath.Join(dir, "nginx.conf")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), old, by)
	if text == string(data) {
		t.Fatalf("%q is not in the configuration", old)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// validate checks a document against the schema.
func validate(t *testing.T, document string) {
	t.Helper()
	parse := func(text string) any {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("not JSON: %v\n%s", err, text)
		}
		return v
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parse(Schema)); err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("schema.json").Validate(parse(document)); err != nil {
		t.Errorf("%v\n%s", err, document)
	}
}

// The configuration that runs is the one on disk.
func TestJoinAgrees(t *testing.T) {
	t.Parallel()
	at, dir := failing(t)
	for _, c := range []struct {
		path, port string // 8080
		change     func(*Options)
		agrees     Agreement
		want       []string
		rules      []string // findings among others
	}{
		{path: "/ok", agrees: Agrees, want: []string{
			"server    app.example.com (nginx.conf:10)", "location  /ok (nginx.conf:14)", "verdict   works",
			"lets the handshake through, and it came through"}, rules: []string{"short-read-timeout"}},
		{path: "/bare", agrees: Agrees, want: []string{"location /bare (nginx.conf:22) breaks the handshake: missing-http-version"}},
		{path: "/wrong-upgrade", agrees: Agrees, want: []string{"missing-upgrade-header"}, rules: []string{"missing-upgrade-header"}},
		{path: "/old", agrees: Agrees, want: []string{"the configuration redirects so: location /old"}},
		{path: "/dir", agrees: Agrees, want: []string{"the configuration redirects so: location /dir/"}},
		{path: "/deny", agrees: Agrees, want: []string{"nothing is passed on here"}},
		{path: "/refused", agrees: Agrees, want: []string{"breaks the handshake"}},
		{path: "/closes", agrees: Agrees, want: []string{"what does not answer is proxy_pass http://"}},
		{path: "/origin", agrees: Undecided, want: []string{"so the refusal comes from proxy_pass"}, rules: []string{"lost-host"}},
		{path: "/hidden", agrees: Agrees, want: []string{"hidden-handshake-response"}, rules: []string{"hidden-handshake-response"}},
		{path: "/", port: "9009", agrees: Agrees, want: []string{"has no server there either"}},
		{path: "/idle1", agrees: Agrees, change: func(o *Options) { o.Idle = 2 * time.Second },
			want: []string{"that is proxy_read_timeout 1s (nginx.conf:"}, rules: []string{"short-read-timeout"}},
		{path: "/ok", agrees: Agrees, change: func(o *Options) { o.Idle = 200 * time.Millisecond },
			want: []string{"proxy_read_timeout 60s (nginx's default) would have closed it later only"}},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			port := c.port
			if port == "" {
				port = "8080"
			}
			r, config, style := joined(t, dir, "ws://"+at(port)+c.path, c.change)
			var out, doc bytes.Buffer
			if err := Text(&out, r, config, style); err != nil {
				t.Fatal(err)
			}
			if err := JSON(&doc, r, config, style); err != nil {
				t.Fatal(err)
			}
			validate(t, doc.String())
			if want := `"agrees": "` + string(c.agrees) + `",` + "\n    " + `"comparisons"`; !strings.Contains(doc.String(), want) {
				t.Errorf("it does not say %s:\n%s", want, out.String())
			}
			for _, want := range c.want {
				if !strings.Contains(flat(out.String()), flat(want)) {
					t.Errorf("it does not say %q:\n%s", want, out.String())
				}
			}
			for _, name := range c.rules {
				if !strings.Contains(out.String(), "["+name+"]") {
					t.Errorf("no finding of %s:\n%s", name, out.String())
				}
			}
		})
	}
}

// The configuration on disk is not the one that runs: that is said first.
func TestJoinDisagrees(t *testing.T) {
	t.Parallel()
	at, dir := failing(t)
	edit(t, dir, "location /ok {", "location /ok { proxy_set_header Host $host; } location /other {")
	edit(t, dir, "return 301 /ok;", "return 301 /new;")
	edit(t, dir, "proxy_read_timeout 1s;", "proxy_read_timeout 1h;")
	edit(t, dir, "deny all;", `return 410 "gone\n";`)
	for _, c := range []struct {
		path   string
		change func(*Options)
		want   string
	}{
		{"/ok", nil, "nothing is passed on here"},
		{"/old", nil, "the configuration redirects to http://"},
		{"/idle1", func(o *Options) { o.Idle = 2 * time.Second }, "s of silence, and proxy_read_timeout 1h"},
		{"/deny", nil, "nginx answers 410 by itself"},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			r, config, style := joined(t, dir, "ws://"+at("8080")+c.path, c.change)
			var out bytes.Buffer
			if err := Text(&out, r, config, style); err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(out.String(), "\n\n")
			if !strings.HasPrefix(first, "the running server and the configuration disagree:\n") ||
				!strings.Contains(flat(first), c.want) || !strings.Contains(flat(first), "may have another configuration loaded") {
				t.Errorf("it does not say first that they disagree, with %q:\n%s", c.want, out.String())
			}
		})
	}
}

func TestJoinCertificate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	at, dir := site(t, "tls.conf", a.files(), map[string]string{"9000": nginxtest.NewBackend(t).Addr})
	_, port, _ := strings.Cut(at("8440"), ":")
	// Renewed on disk, and nobody told nginx.
	if err := os.WriteFile(filepath.Join(dir, "expired.pem"), []byte(bundle(a.leaf("expired.example.com", -time.Hour, 999*time.Hour), a.middle)), 0o644); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, "ssl_certificate self.pem;", "ssl_certificate /srv/elsewhere/self.pem;")
	for _, c := range []struct {
		name   string
		agrees Agreement
		want   string
	}{
		{"good", Agrees, "the certificate that was sent is that of ssl_certificate good.pem (nginx.conf:20)"},
		{"missing", Agrees, "which holds 1 certificate; the intermediates have to follow in it"},
		{"expired", Disagrees, "is not that of ssl_certificate expired.pem"},
		{"self", Undecided, "was not compared: it lies outside the configuration's folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			host := c.name + ".example.com"
			_, config, _ := joined(t, dir, "wss://"+host+":"+port+"/", func(o *Options) {
				o.Roots, o.Resolve = a.roots(), []Resolve{{host, port, "127.0.0.1"}}
			})
			for _, k := range config.Comparisons {
				if k.About == "certificate" {
					if k.Agrees != c.agrees || !strings.Contains(k.Text, c.want) {
						t.Errorf("certificate: %s, %q, want %s, %q", k.Agrees, k.Text, c.agrees, c.want)
					}
					return
				}
			}
			t.Errorf("nothing is said of the certificate: %v", config.Comparisons)
		})
	}
}

// A schema that takes everything would prove nothing.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	r := run(t, "ws://127.0.0.1:1/", nil)
	var doc bytes.Buffer
	if err := JSON(&doc, r, nil, report.Style{}); err != nil {
		t.Fatal(err)
	}
	validate(t, doc.String())
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, by string }{
		{`"outcome": "fails"`, `"outcome": "broken"`},
		{`"version": 1`, `"version": 2`},
		{`"failed_step": "connect"`, `"failed_step": "dial"`},
		{`"hops": [`, `"hop": [`},
		{`"address": ""`, `"address": null`},
	} {
		changed := strings.Replace(doc.String(), c.old, c.by, 1)
		if changed == doc.String() {
			t.Errorf("%s is not in the document", c.old)
			continue
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", schema); err != nil {
			t.Fatal(err)
		}
		if compiler.MustCompile("schema.json").Validate(v) == nil {
			t.Errorf("the schema takes %s", c.by)
		}
	}
}
