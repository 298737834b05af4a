package parser

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// benchmarkText returns a configuration of about 100,000 lines such as a control
// panel writes: many servers, each with a few locations that proxy.
func benchmarkText() string {
	var b strings.Builder
	b.WriteString("events {\n    worker_connections 1024;\n}\nhttp {\n    map $http_upgrade $connection_upgrade {\n        default upgrade;\n        '' close;\n    }\n")
	for i := 0; i < 100_000/25; i++ {
		fmt.Fprintf(&b, `
    # site %[1]d
    server {
        listen 80;
        server_name app%[1]d.example.com www.app%[1]d.example.com;

        location / {
            proxy_pass http://127.0.0.1:%[2]d;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }

        location /ws {
            proxy_pass http://127.0.0.1:%[2]d; # the socket
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
        error_page 500 502 503 504 /50x.html;
        access_log /var/log/nginx/app%[1]d.log;
    }
`, i, 3000+i)
	}
	b.WriteString("}\n")
	return b.String()
}

func BenchmarkScan(b *testing.B) {
	src := benchmarkText()
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner(src, nil)
		for s.Next().Kind != EOF {
		}
	}
}

func BenchmarkParse(b *testing.B) {
	src := []byte(benchmarkText())
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if f := Parse("nginx.conf", src); len(f.Errors) > 0 {
			b.Fatal(f.Errors[0])
		}
	}
	b.ReportMetric(float64(allocatedBy(func() { Parse("nginx.conf", src) }))/float64(len(src)), "allocated/byte")
}

// TestParseAllocates bounds the memory that a tree takes.
func TestParseAllocates(t *testing.T) {
	src := benchmarkText()
	got := float64(allocatedBy(func() { parseText("nginx.conf", src) })) / float64(len(src))
	if got >= 15 {
		t.Errorf("Parse allocates %.1f bytes for each byte of its source, want less than 15", got)
	}
	small := "location / {\n    proxy_pass http://127.0.0.1:3000;\n}\n"
	if got := allocatedBy(func() { parseText("nginx.conf", small) }); got > 4096 {
		t.Errorf("Parse allocates %d bytes for a file of %d", got, len(small))
	}
}

// allocatedBy returns how many bytes run allocates.
func allocatedBy(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkTags reads texts full of tags that begin something and do not end it: each
// would take four times as long for twice the bytes if its end were looked for anew at
// every tag.
func BenchmarkTags(b *testing.B) {
	for _, tag := range []struct{ name, text string }{
		{"comments", "{% comment %}\n"},
		{"conditions", "{% if a %}\n"},
		{"conditions-in-arguments", "listen {% if a %}80;\n"},
		{"lists-on-one-line", "<#if a> b <#list c>"},
		{"quotes", "<#if '' "},
		{"words-on-one-line", "##AB## "},
	} {
		for _, n := range []int{5_000, 10_000} {
			src := []byte("http {\n" + strings.Repeat(tag.text, n) + "\n{% if a %}\nserver {\n    listen 80;\n}\n{% endif %}\n}\n")
			b.Run(fmt.Sprintf("%s/%d", tag.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					Parse("nginx.conf.j2", src)
				}
			})
		}
	}
}
