package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// benchHead is the beginning of a generated main configuration.
const benchHead = `events {}
http {
    server_names_hash_max_size 65536;
    server_names_hash_bucket_size 128;
    access_log off;
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }
`

// benchServer is one generated server of 20 lines. In every hundredth the
// WebSocket location has a fault.
func benchServer(n int) string {
	version := "        proxy_http_version 1.1;\n"
	if n%100 == 99 {
		version = "        # HTTP/1.0, nginx's default\n"
	}
	return fmt.Sprintf(`server {
    listen 127.0.0.1:18999;
    server_name app%[1]d.example.com;
    proxy_set_header Host $host;

    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; # "app %[1]d"
        proxy_set_header Host $host;
    }

    location /ws {
        proxy_pass http://127.0.0.1:3001;
%[2]s        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_read_timeout 3600s;
    }
}
`, n, version)
}

// benchTree is a generated configuration.
type benchTree struct {
	name  string
	files map[string]string
	conf  string // the path of its main file
}

func benchTrees(b *testing.B) []benchTree {
	b.Helper()
	var one strings.Builder
	one.WriteString(benchHead)
	for n := range 5000 {
		one.WriteString(benchServer(n))
	}
	one.WriteString("}\n")
	many := map[string]string{"nginx.conf": benchHead + "    include sites/*.conf;\n}\n"}
	for n := range 10_000 {
		many[fmt.Sprintf("sites/app%d.conf", n)] = benchServer(n)
	}
	small := map[string]string{"nginx.conf": benchHead + benchServer(0) + "}\n"}
	trees := []benchTree{
		{"one-server", small, ""},
		{"one-file-of-100000-lines", map[string]string{"nginx.conf": one.String()}, ""},
		{"10000-files", many, ""},
	}
	for i, t := range trees {
		trees[i].conf = filepath.Join(nginxtest.WriteTree(b, t.files), "nginx.conf")
	}
	return trees
}

// BenchmarkLint and BenchmarkNginxTest read the same configurations: "make
// bench" prints them together.
func BenchmarkLint(b *testing.B) {
	collectLess()
	for _, t := range benchTrees(b) {
		b.Run(t.name, func(b *testing.B) {
			for b.Loop() {
				if status := run([]string{"wsnginx", "lint", t.conf}, nil, io.Discard, io.Discard); status == exitFailed {
					b.Fatalf("lint %s: exit status %d", t.conf, status)
				}
			}
		})
	}
}

func BenchmarkNginxTest(b *testing.B) {
	nginx := nginxtest.Find(b)
	for _, t := range benchTrees(b) {
		b.Run(t.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := nginx.Test(t.conf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
