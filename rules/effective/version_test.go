package effective

import (
	"net/url"
	"strings"
	"testing"
)

// TestVersions holds both sides of the versions at which nginx changed.
func TestVersions(t *testing.T) {
	const (
		headers = `proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; `
		plain   = `listen 80 http2; location / { ` + ws + pass + `}`
	)
	for _, tt := range []struct {
		name, server string
		version      Version
		verdict      Verdict
		reason       ReasonKind
		http         string // HTTPVersion
		connection   string // for an ordinary GET, of a route without the line
	}{
		{"before WebSocket", `location / { ` + ws + pass + `}`, Version{1, 3, 12}, Broken, UnsupportedNginx, "1.1", ""},
		{"with WebSocket", `location / { ` + ws + pass + `}`, Version{1, 3, 13}, Works, "", "1.1", ""},
		{"uwsgi before it", `location / { uwsgi_pass 127.0.0.1:1; }`, Version{1, 3, 13}, Broken, UnsupportedNginx, "", ""},
		{"uwsgi with it", `location / { uwsgi_pass 127.0.0.1:1; }`, Version{1, 3, 14}, Works, "", "", ""},
		{"one socket, two protocols: no", plain, Version{1, 25, 0}, Broken, PlainHTTP2Listener, "1.1", ""},
		{"one socket, two protocols: yes", plain, Version{1, 25, 1}, Works, "", "1.1", ""},
		{"HTTP/2 is refused", `location / { proxy_http_version 2; ` + headers + pass + `}`, Version{1, 29, 3}, Broken, MissingHTTPVersion, "2", ""},
		{"HTTP/2 has no upgrade", `location / { proxy_http_version 2; ` + headers + pass + `}`, Version{1, 29, 4}, Broken, MissingHTTPVersion, "2", ""},
		{"HTTP/1.0 by default", `location / { ` + headers + pass + `}`, Version{1, 29, 6}, Broken, MissingHTTPVersion, "1.0", ""},
		{"HTTP/1.1 by default", `location / { ` + headers + pass + `}`, Version{1, 29, 7}, Works, "", "1.1", ""},
		{"HTTP/1.1 by default in stable", `location / { ` + headers + pass + `}`, Version{1, 30, 0}, Works, "", "1.1", ""},
		{"HTTP/1.0 when written", `location / { proxy_http_version 1.0; ` + headers + pass + `}`, Version{1, 29, 7}, Broken, MissingHTTPVersion, "1.0", ""},
		{"Connection: close by default", `location / { ` + pass + `}`, Version{1, 29, 6}, Broken, MissingConnection, "1.0", "close"},
		{"no Connection by default", `location / { ` + pass + `}`, Version{1, 29, 7}, Broken, MissingConnection, "1.1", ""},
		{"no Host", `location / { ` + ws + `proxy_set_header Host ""; ` + pass + `}`, Version{1, 31, 3}, Broken, LostHandshakeHeaders, "1.1", ""},
		{"an empty Host is nginx's own", `location / { ` + ws + `proxy_set_header Host ""; ` + pass + `}`, Version{1, 31, 4}, Works, "", "1.1", ""},
		{"two Hosts", `location / { ` + ws + `proxy_set_header Host a; proxy_set_header host b; ` + pass + `}`, Version{1, 31, 3}, Broken, DuplicateHost, "1.1", ""},
		{"the last Host", `location / { ` + ws + `proxy_set_header Host a; proxy_set_header host b; ` + pass + `}`, Version{1, 31, 4}, Works, "", "1.1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := tt.server
			src := "events {}\nhttp { server { " + server + " } }\n"
			r := model(t, src, Options{Version: tt.version}).Routes[0]
			if r.Verdict != tt.verdict || tt.reason != "" && r.Because(tt.reason) == nil {
				t.Errorf("%s for %s is %s (%v), want %s %s", server, tt.version, r.Verdict, r.Reasons, tt.verdict, tt.reason)
			}
			if r.HTTPVersion != tt.http {
				t.Errorf("%s for %s speaks HTTP/%s, want %s", server, tt.version, r.HTTPVersion, tt.http)
			}
			for _, h := range r.Headers {
				if h.Name == "Connection" && h.Item.Directive == nil && h.Sent[Ordinary].Text != tt.connection && r.Pass.Is("proxy_pass") {
					t.Errorf("%s for %s sends Connection %q, want %q", server, tt.version, h.Sent[Ordinary].Text, tt.connection)
				}
			}
		})
	}
}

// TestHostByVersion holds what is sent as Host on both sides of 1.31.4, and of 1.29.5
// for uwsgi.
func TestHostByVersion(t *testing.T) {
	two := `proxy_pass http://10.0.0.1:8080; proxy_set_header Host a; proxy_set_header hOST `
	for _, tt := range []struct {
		location string
		version  Version
		want     string
	}{
		{two + `b;`, Version{1, 31, 3}, "a b"},
		{two + `b;`, Version{1, 31, 4}, "b"},
		{two + `"";`, Version{1, 31, 3}, "a"},
		{two + `"";`, Version{1, 31, 4}, "10.0.0.1:8080"},
		{two + `""; proxy_http_version 1.0;`, Version{1, 31, 4}, ""},
		{two + `$http_x_none;`, Version{1, 31, 4}, "10.0.0.1:8080"},
		{`proxy_pass http://b; proxy_set_header X-Y z;`, Version{1, 31, 4}, "b"},
		{`uwsgi_pass b;`, Version{1, 29, 4}, "A.Example:81"},
		{`uwsgi_pass b;`, Version{1, 29, 5}, "a.example:81"},
		{`uwsgi_pass b; uwsgi_pass_request_headers off;`, Version{1, 29, 4}, ""},
		{`scgi_pass b; scgi_pass_request_headers off;`, Version{1, 29, 5}, "a.example:81"},
		{`scgi_pass b; scgi_param HTTP_HOST x;`, Version{1, 29, 5}, "x"},
	} {
		m := model(t, "events {} http { server { listen 81; location / { "+tt.location+" } } }", Options{Version: tt.version})
		tr, err := m.Trace(&url.URL{Scheme: "http", Host: "A.Example:81", Path: "/"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range tr.Route.Headers {
			if strings.EqualFold(h.Name, "Host") && h.Sent[Handshake].Text != "" {
				got = append(got, h.Sent[Handshake].Text)
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s for %s: Host %q, want %q", tt.location, tt.version, s, tt.want)
		}
	}
}

// TestParseVersion holds what is a version.
func TestParseVersion(t *testing.T) {
	for s, want := range map[string]Version{
		"1.28": {1, 28, 0}, "1.22.1": {1, 22, 1}, "nginx/1.3.13": {1, 3, 13},
	} {
		if got, err := ParseVersion(s); err != nil || got != want {
			t.Errorf("ParseVersion(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "1", "1.2.3.4", "1.x", "1.-2", "v1.2"} {
		if got, err := ParseVersion(s); err == nil {
			t.Errorf("ParseVersion(%q) = %v, want an error", s, got)
		}
	}
}
