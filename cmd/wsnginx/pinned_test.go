package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// The nginx that answers a probe is known: no image says another, and none may be
// newer. Where none says which it is, the image counts.
func TestProbeKnowsTheVersion(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(".git", 0o777); err != nil {
		t.Fatal(err)
	}
	write("Dockerfile", "FROM nginx:alpine\nCOPY nginx.conf /etc/nginx/\n")
	for server, newer := range map[string]bool{"nginx/1.28.0": false, "nginx/1.27.5": false, "nginx": true} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", server)
			w.WriteHeader(http.StatusUpgradeRequired)
		}))
		at := strings.TrimPrefix(s.URL, "http://")
		write("nginx.conf", fmt.Sprintf(`events {}
http {
    server {
        listen %s;
        location / {
            proxy_pass http://127.0.0.1:1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }
    }
}
`, at))
		var stdout, stderr bytes.Buffer
		run([]string{"wsnginx", "probe", "ws://" + at, "--config", "nginx.conf"}, strings.NewReader(""), &stdout, &stderr)
		s.Close()
		got := strings.Join(strings.Fields(stdout.String()), " ")
		if !strings.Contains(got, "missing-http-version") || strings.Contains(got, "may be newer") != newer {
			t.Errorf("%s: want newer %v:\n%s%s", server, newer, got, stderr.String())
		}
	}
}
