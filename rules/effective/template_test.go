package effective

import (
	"fmt"
	"strings"
	"testing"
)

// TestTemplateVerdicts holds what is decided of a location that a template
// writes in part.
func TestTemplateVerdicts(t *testing.T) {
	const (
		v = `proxy_http_version 1.1; `
		u = `proxy_set_header Upgrade $http_upgrade; `
		c = `proxy_set_header Connection "upgrade"; `
		p = `proxy_pass http://{{ host }}; `
	)
	for _, tt := range []struct {
		name, server string
		verdict      Verdict
		reason       ReasonKind
	}{
		{"literal lines", `location /{{ path }} { ` + v + u + c + p + `}`, Works, ""},
		{"literal lines that lack one", `location /a { ` + v + u + p + `}`, Broken, MissingConnection},
		{"a value that is filled in", `location /a { ` + v + u + `proxy_set_header Connection {{ c }}; ` + p + `}`, Unknown, ""},
		{"a version that is filled in", `location /a { proxy_http_version {{ v }}; ` + u + c + p + `}`, Unknown, ""},
		{"a value in capitals", `location /a { ` + v + u + `proxy_set_header Connection $CONNECTION_UPGRADE; ` + p + `}`, Unknown, ""},
		{"a name that is filled in", `location /a { ` + v + u + `proxy_set_header Connection __CONN__; proxy_pass http://__HOST__; }`, Unknown, ""},
		{"lines that are filled in", `location /a { ` + "{{ extra }}\n" + p + `}`, Unknown, ""},
		{"lines that are filled in around a whole list", "{{ extra }}\n" + `location /a { ` + v + u + c + p + `}`, Works, ""},
		{"lines that are filled in around a list that lacks one", "{{ extra }}\n" + `location /a { ` + v + u + p + `}`, Broken, MissingConnection},
		{"an included template", "{% include 'x' %}\n" + `location /a { ` + p + `}`, Unknown, ""},
		{"headers under a condition", `location /a { {% if ws %}` + v + u + c + `{% endif %}` + p + `}`, Works, ""},
		{"headers under a condition, the version for all", `location /a { ` + v + p + `{% if ws %}` + u + c + `{% else %}proxy_set_header Connection ""; {% endif %}}`, Works, ""},
		{"headers under a condition, the version of the rest", `location /a { ` + p + `{% if ws %}` + v + u + c + `{% else %}proxy_http_version 1.0; {% endif %}}`, Works, ""},
		{"headers under a condition, the rest before them", `location /a { ` + p + `{% if not ws %}proxy_http_version 1.0; {% else %}` + v + u + c + `{% endif %}}`, Works, ""},
		{"headers under a condition, a version of the rest alone", `location /a { ` + p + `{% if ws %}` + u + c + `{% else %}` + v + `{% endif %}}`, Unknown, ""},
		{"headers under a condition, without a version", `location /a { {% if ws %}` + u + c + `{% endif %}` + p + `}`, Broken, MissingHTTPVersion},
		{"headers under a condition that lack one", `location /a { ` + v + `{% if ws %}` + u + `{% endif %}` + p + `}`, Broken, MissingConnection},
		{"headers under a condition, the version under another", `location /a { {% if new %}` + v + `{% endif %}{% if ws %}` + u + c + `{% endif %}` + p + `}`, Unknown, ""},
		{"headers under two conditions", `location /a { ` + v + `{% if a %}` + u + `{% endif %}{% if b %}` + c + `{% endif %}` + p + `}`, Unknown, ""},
		{"headers of two arms", `location /a { ` + v + `{% if a %}` + u + c + `{% elif b %}` + u + c + `{% endif %}` + p + `}`, Unknown, ""},
		{"a header under a condition", `location /a { ` + v + c + `{% if a %}` + u + `{% endif %}` + p + `}`, Unknown, ""},
		{"headers under a condition in that of the pass", `location /a { {% if a %}` + v + p + `{% if b %}` + u + c + `{% endif %}{% endif %}}`, Works, ""},
		{"right in both arms", `location /a { ` + v + u + `{% if a %}` + c + `{% else %}proxy_set_header Connection $http_connection; {% endif %}` + p + `}`, Works, ""},
		{"wrong in both arms", `location /a { ` + v + u + `{% if a %}proxy_set_header Connection ""; {% else %}proxy_set_header Connection close; {% endif %}` + p + `}`, Broken, MissingConnection},
		{"wrong in one arm", `location /a { ` + v + u + `{% if a %}` + c + `{% else %}proxy_set_header Connection ""; {% endif %}` + p + `}`, Unknown, ""},
		{"an arm is missing", `location /a { ` + v + u + `{% if a %}` + c + `{% elif b %}` + c + `{% endif %}` + p + `}`, Unknown, ""},
		{"wrong in the arm, and without it", `location /a { ` + v + u + `{% if a %}proxy_set_header Connection ""; {% endif %}` + p + `}`, Broken, MissingConnection},
		{"hosts of two arms", `location /a { ` + v + u + c + `{% if a %}proxy_set_header Host a; {% else %}proxy_set_header Host b; {% endif %}` + p + `}`, Works, ""},
		{"a list that an arm may take the place of", u + c + `location /a { ` + v + `{% if a %}proxy_set_header X y; {% endif %}` + p + `}`, Unknown, ""},
		{"version of both arms", `location /a { ` + u + c + `{% if a %}` + v + `{% else %}` + v + `{% endif %}` + p + `}`, Works, ""},
		{"version of one arm", `location /a { ` + u + c + `{% if a %}` + v + `{% endif %}` + p + `}`, Unknown, ""},
		{"version of one arm and outside", v + `location /a { ` + u + c + `{% if a %}` + v + `{% endif %}` + p + `}`, Works, ""},
		{"location in an arm", `{% if a %}location /a { ` + v + u + c + p + `}{% else %}location /b { }{% endif %}`, Works, ""},
		{"redirect under a condition", `{% if tls %}return 301 https://$host$request_uri;{% endif %} location /a { ` + v + u + c + p + `}`, Works, ""},
		{"files or proxy", `location /a { ` + v + u + c + `{% if a %}try_files $uri =404;{% else %}` + p + `{% endif %}}`, Works, ""},
		{"hidden under a condition", `location /a { ` + v + u + c + `{% if a %}proxy_hide_header Upgrade;{% endif %}` + p + `}`, Unknown, ""},
		{"the text of a macro around it", `{% macro lines() %}proxy_method POST; proxy_hide_header Upgrade;{% endmacro %} location /a { ` + v + u + c + p + `}`, Works, ""},
		{"lines that only a macro has", `{% macro lines() %}` + v + u + c + `{% endmacro %} location /ws { ` + p + `}`, Broken, MissingUpgrade},
		{"a macro that is used", `{% macro lines() %}` + v + u + c + `{% endmacro %} location /ws { {{ lines() }}` + "\n" + p + `}`, Unknown, ""},
		{"a location of a macro", `{{ define "x" }} location /a { ` + v + u + c + p + `} {{ end }}`, Works, ""},
		{"lines that stand with the pass", `location /a { {% if a %}` + v + u + c + p + `{% endif %}}`, Works, ""},
		{"lines around the arm of the pass", `location /a { {% if a %}` + v + u + c + `{% if b %}` + p + `{% endif %}{% endif %}}`, Works, ""},
		{"lines that lack one, with the pass", `location /a { {% if a %}` + v + u + p + `{% endif %}}`, Broken, MissingConnection},
		{"a redirect with the pass", `location /a { {% if a %}` + v + u + c + p + `return 301 /b; {% endif %}}`, Broken, RedirectedHandshake},
		{"an arm in that of the pass", `location /a { {% if a %}` + v + u + p + `{% if b %}` + c + `{% endif %}{% endif %}}`, Unknown, ""},
		{"an arm of a condition of its own", `location /a { {% if a %}` + p + `{% endif %}{% if a %}` + v + u + c + `{% endif %}}`, Unknown, ""},
		{"lines of one of two arms that pass", `location /a { {% if a %}` + v + u + c + p + `{% else %}proxy_pass http://b; {% endif %}}`, Unknown, ""},
		{"method under a condition", `location /a { ` + v + u + c + `{% if a %}proxy_method POST;{% endif %}` + p + `}`, Unknown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("", "# {{ x }}\n"+tt.server), Options{})
			if len(m.Routes) != 1 {
				t.Fatalf("%s has %d routes", tt.server, len(m.Routes))
			}
			r := m.Routes[0]
			if r.Verdict != tt.verdict || tt.reason != "" && r.Because(tt.reason) == nil {
				t.Errorf("%s is %s (%v, %s), want %s %s", tt.server, r.Verdict, r.Reasons, r.Undecided, tt.verdict, tt.reason)
			}
		})
	}
}

// TestTemplateReasons holds what is said of a template's lines that cannot be judged.
func TestTemplateReasons(t *testing.T) {
	const rest = `proxy_http_version 1.1; proxy_pass http://{{ a }}; `
	for _, tt := range []struct{ name, location, undecided, note string }{
		{"of two conditions", `{% if a %}proxy_set_header Upgrade $http_upgrade;{% endif %}{% if b %}proxy_set_header Connection upgrade;{% endif %}`, "Upgrade depends on the template (nginx.conf:7)", ""},
		{"of one condition", `{% if a %}proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;{% endif %}`, "", "its lines for WebSocket depend on a condition of the template (nginx.conf:7)"},
		{"of none", `proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;`, "", ""},
		{"a value", `proxy_set_header Upgrade {{ u }}; proxy_set_header Connection upgrade;`, "the value of {{ u }} for Upgrade", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := model(t, inHTTP("", "# {{ x }}\nlocation /a { "+rest+tt.location+" }"), Options{}).Routes[0]
			note := strings.Join(r.Notes, "\n")
			if r.Undecided != tt.undecided || note != tt.note {
				t.Errorf("%s: undecided %q, notes %q; want %q, %q", tt.location, r.Undecided, note, tt.undecided, tt.note)
			}
		})
	}
}

// TestTemplateMacros holds that what passes requests on in the text of a macro, and is
// judged nowhere, is said once for a file, and nothing else is.
func TestTemplateMacros(t *testing.T) {
	const said = "not-followed 2:16: proxy_pass stands in the text of a macro; the locations that use it were not judged"
	for _, tt := range []struct{ name, src, want string }{
		{"a pass", "# {{ x }}\n{% macro p() %}proxy_pass http://{{ a }}; proxy_pass http://b;{% endmacro %}\nserver { location /a { {{ p() }} } }", said},
		{"nothing but macros", "# {{ x }}\n{% macro p() %}proxy_pass http://{{ a }};{% endmacro %}\n{% macro l() %}location /a { {{ p() }} }{% endmacro %}", said},
		{"a location of one", "# {{ x }}\n{% macro l() %}location /a { proxy_pass http://{{ a }}; }{% endmacro %}\nserver { {{ l() }} }", ""},
		{"other lines", "# {{ x }}\n{% macro l() %}proxy_buffering off; proxy_read_timeout 1h;{% endmacro %}\nserver { location /a { {{ l() }}\n proxy_pass http://{{ a }}; } }", ""},
		{"a condition", "# {{ x }}\nserver { location /a { {% if p %}proxy_pass http://{{ a }};{% endif %} } }", ""},
		{"of streams", "# {{ x }}\nstream { {% macro p() %}proxy_pass {{ a }};{% endmacro %}\nserver { listen 1; {{ p() }} } }", ""},
		{"plain nginx", "server { location /a { proxy_pass http://a; } }", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, p := range model(t, tt.src, Options{}).Problems {
				got += fmt.Sprintf("%s %d:%d: %s", p.Kind, p.Line, p.Column, p.Message)
			}
			if got != tt.want {
				t.Errorf("%s says %q, want %q", tt.src, got, tt.want)
			}
		})
	}
}
