package parser

import "testing"

// A variable in the place of a statement is filled in by a template, unless nginx or the
// file gives it its value and the block ends behind it: nginx misses the ';' there.
func TestVariableAlone(t *testing.T) {
	const missing = `unexpected "}"`
	for _, tt := range []struct {
		block    string
		template Template
		want     string // the first error
	}{
		{"proxy_pass http://a; $host", "", missing},
		{"proxy_pass http://a;\n $uri\n", "", missing},
		{"set $a b; $a", "", missing},
		{"$mapped", "", missing},
		{"$cut", "", missing},
		{"$hostname_config", Placeholder, ""},
		{"$more", Placeholder, ""},
		{"$FOO", Placeholder, ""},
		{"FOO\n", Placeholder, ""},
		{"${host}", Placeholder, ""},
		{"$http_config", Placeholder, ""},
		{"set \\$a \\$uri; $a", Shell, ""},
		{"{{ a }} $host", Jinja, "this template could not be read: " + missing},
	} {
		f := Parse("nginx.conf", []byte("map $arg_a $mapped {\n}\nsplit_clients $arg_a $cut {\n}\nserver {\nlocation /a {\n"+tt.block+"}\n}\n"))
		got := ""
		if len(f.Errors) > 0 {
			got = f.Errors[0].Msg
		}
		if f.Template != tt.template || got != tt.want {
			t.Errorf("%q: template %q, error %q, want %q and %q", tt.block, f.Template, got, tt.template, tt.want)
		}
	}
}
