package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// benchSocket are the lines of a location that carries WebSocket.
const benchSocket = `proxy_pass http://127.0.0.1:3001;
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
proxy_read_timeout 3600s;
`

// benchFault are those of one that lacks some.
const benchFault = `proxy_pass http://127.0.0.1:3001;
proxy_set_header Upgrade $http_upgrade;
`

// benchShapes are configurations in which one kind of thing is there n times: each
// would take four times as long for twice the lines if something were asked of all
// others for each.
var benchShapes = []struct {
	name string
	n    int
	make func(n int) map[string]string
}{
	{"locations", 2000, func(n int) map[string]string {
		return oneServer(repeat(n, "location /ws%d {\n"+benchSocket+"}\n"))
	}},
	{"locations-with-findings", 2000, func(n int) map[string]string {
		return oneServer(repeat(n, "location /ws%d {\n"+benchFault+"}\n"))
	}},
	{"locations-on-one-line", 500, func(n int) map[string]string {
		return oneServer(strings.ReplaceAll(repeat(n, "location /ws%d {\n"+benchFault+"}\n"), "\n", " ") + "\n")
	}},
	{"locations-with-comments", 1000, func(n int) map[string]string {
		return oneServer(repeat(n, "# wsnginx:websocket\nlocation /a%d {\n"+benchFault+"} # wsnginx:ignore missing-http-version it is so\n"))
	}},
	{"named-locations", 1000, func(n int) map[string]string {
		return oneServer(repeat(n, "location /ws%[1]d {\ntry_files $uri @ws%[1]d;\n}\nlocation @ws%[1]d {\n"+benchSocket+"}\n"))
	}},
	{"locations-behind-a-regex", 1000, func(n int) map[string]string {
		return oneServer("location ~ ^/ws {\nproxy_pass http://127.0.0.1:3000;\n}\n" + repeat(n, "location /ws%d/ {\n"+benchSocket+"}\n"))
	}},
	{"assigned-variables", 500, func(n int) map[string]string {
		return oneServer(repeat(n, "location /a%[1]d {\nset $x %[1]d;\n"+benchSocket+"}\nlocation /b%[1]d {\n"+benchSocket+"proxy_set_header X-A $x;\n}\n"))
	}},
	{"ifs-of-a-server", 250, func(n int) map[string]string {
		return oneServer(repeat(n, "if ($arg_a%[1]d) {\nset $b%[1]d 1;\n}\n") + repeat(n, "location /ws%d {\n"+benchSocket+"}\n"))
	}},
	{"variables-of-a-server", 500, func(n int) map[string]string {
		return oneServer(repeat(n, "set $v%[1]d %[1]d;\n") + repeat(n, "location /ws%[1]d {\n"+benchSocket+"proxy_set_header X-A $v%[1]d;\n}\n"))
	}},
	{"ifs-with-a-pass", 250, func(n int) map[string]string {
		return oneServer("location /ws {\n" + repeat(n, "if ($arg_a%d) {\nproxy_pass http://127.0.0.1:3001;\n}\n") + benchSocket + "}\n")
	}},
	{"likely-paths-of-pages", 1000, func(n int) map[string]string {
		return oneServer(repeat(n, "location /docs%d/ws {\nproxy_pass http://127.0.0.1:3001;\n}\n"))
	}},
	{"servers", 2000, func(n int) map[string]string {
		return inHTTP(repeat(n, "server {\nlisten 8080;\nserver_name app%d.example.com;\nlocation /ws {\n"+benchFault+"}\n}\n"))
	}},
	{"servers-without-a-map", 2000, func(n int) map[string]string {
		return map[string]string{"nginx.conf": "events {}\nhttp {\n" +
			repeat(n, "server {\nlisten 8080;\nserver_name app%d.example.com;\nlocation /ws {\nproxy_pass http://127.0.0.1:3001;\n}\n}\n") + "}\n"}
	}},
	{"servers-with-a-snippet", 1000, func(n int) map[string]string {
		files := inHTTP(repeat(n, "server {\nlisten 8080;\nserver_name app%d.example.com;\ninclude ws.inc;\n}\n"))
		files["ws.inc"] = "location /ws {\n" + benchFault + "}\n"
		return files
	}},
	{"servers-unlike-with-a-snippet", 1000, func(n int) map[string]string {
		files := inHTTP(repeat(n, "server {\nlisten 8080;\nserver_name app%[1]d.example.com;\nproxy_set_header X-A %[1]d;\ninclude ws.inc;\n}\n"))
		files["ws.inc"] = "location /ws {\n" + benchFault + "}\n"
		return files
	}},
	{"upstreams", 1000, func(n int) map[string]string {
		return inHTTP(repeat(n, "upstream u%[1]d {\nserver 127.0.0.1:3000;\nkeepalive 8;\n}\nserver {\nlisten 8080;\nserver_name app%[1]d.example.com;\nlocation /ws {\n"+
			strings.ReplaceAll(benchSocket, "127.0.0.1:3001", "u%[1]d")+"}\n}\n"))
	}},
	{"header-lines", 5000, func(n int) map[string]string {
		return oneServer("location /ws {\n" + benchSocket + repeat(n, "proxy_set_header X-A%d $host;\n") + "}\n")
	}},
	{"the-same-header", 5000, func(n int) map[string]string {
		return oneServer("location /ws {\n" + benchSocket + repeat(n, "proxy_set_header X-A a%d;\n") + "}\n")
	}},
	{"map-lines", 1000, func(n int) map[string]string {
		files := oneServer(repeat(n, "location /ws%d {\n"+strings.ReplaceAll(benchSocket, "127.0.0.1:3001", "$app")+"}\n"))
		files["nginx.conf"] = strings.Replace(files["nginx.conf"], "server {", "map $host $app {\ndefault 127.0.0.1;\n"+repeat(n, "app%[1]d 127.0.0.%[1]d;\n")+"}\nserver {", 1)
		return files
	}},
	{"undefined-variables", 1000, func(n int) map[string]string {
		return oneServer(repeat(n, "location /ws%[1]d {\n"+benchFault+"proxy_set_header Connection $none%[1]d;\n}\n"))
	}},
	{"stream-servers", 1000, func(n int) map[string]string {
		files := oneServer("location /ws {\n" + benchSocket + "}\n")
		files["nginx.conf"] += "stream {\n" + repeat(n, "upstream s%[1]d {\nserver 127.0.0.1:3000;\n}\nserver {\nlisten 127.0.0.1:%[1]d;\nproxy_pass s%[1]d;\nproxy_timeout 10s;\n}\n") + "}\n"
		return files
	}},
	{"ignores-in-a-row", 5000, func(n int) map[string]string {
		return oneServer(strings.Repeat("# wsnginx:ignore lost-host it is so\n", n) + "location /ws {\n" + benchFault + "}\n")
	}},
	{"locations-behind-as-many-regexes", 1000, func(n int) map[string]string {
		return oneServer(repeat(n, "location ~ \\.x%[1]d$ {\nreturn 404;\n}\nlocation /ws%[1]d {\n"+benchSocket+"}\n"))
	}},
	{"locations-behind-as-many-rewrites", 1000, func(n int) map[string]string {
		return oneServer(repeat(n, "rewrite ^/a%[1]d/(.*)$ /b%[1]d/$1 last;\nlocation /ws%[1]d {\n"+benchSocket+"}\n"))
	}},
	{"locations-below-as-many-headers", 1000, func(n int) map[string]string {
		return inHTTP(repeat(n, "proxy_set_header X-%d v;\n") + "server {\nlisten 8080;\n" + repeat(n, "location /ws%d {\nproxy_pass http://127.0.0.1:3001;\n}\n") + "}\n")
	}},
	{"conditions-of-a-template", 2000, func(n int) map[string]string {
		return inHTTP(repeat(n, "{{ if .A%[1]d }}\nserver {\nlisten 8080;\nlocation /ws {\n"+benchFault+"}\n}\n{{ end }}\n"))
	}},
	{"conditions-in-each-other", 2000, func(n int) map[string]string {
		return inHTTP(repeat(n, "<#if a%d> server { listen 8080; location /ws { proxy_pass http://127.0.0.1:3001; } } <#list b>\n"))
	}},
	{"servers-with-an-api", 2000, func(n int) map[string]string {
		return inHTTP(repeat(n, "server {\nlisten 8080;\nserver_name app%d.example.com;\nlocation /api/ {\n"+strings.ReplaceAll(benchFault, "%", "%%")+"}\n}\n"))
	}},
	{"files", 500, func(n int) map[string]string {
		files := inHTTP("include conf.d/*.conf;\n")
		for i := range n {
			files[fmt.Sprintf("conf.d/app%d.conf", i)] = fmt.Sprintf("server {\nlisten 8080;\nserver_name app%d.example.com;\nlocation /ws {\n%s}\n}\n", i, benchFault)
		}
		return files
	}},
}

func repeat(n int, text string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, text, i)
	}
	return b.String()
}

func inHTTP(text string) map[string]string {
	return map[string]string{"nginx.conf": benchHead + text + "}\n"}
}

func oneServer(text string) map[string]string {
	return inHTTP("server {\nlisten 8080;\nserver_name app.example.com;\n" + text + "}\n")
}

// BenchmarkTwice reads configurations of some size and of twice that size: the
// metric "times" is how much longer the second takes.
func BenchmarkTwice(b *testing.B) {
	for _, shape := range benchShapes {
		for _, command := range [][]string{{"lint"}, {"lint", "--format", "sarif"}, {"routes"}, {"fix"}} {
			b.Run(shape.name+"/"+strings.Join(command, " "), func(b *testing.B) {
				var took [2]time.Duration
				for i, files := range []map[string]string{shape.make(shape.n), shape.make(2 * shape.n)} {
					args := append(append([]string{"wsnginx"}, command...), filepath.Join(nginxtest.WriteTree(b, files), "nginx.conf"))
					for range 3 {
						start := time.Now()
						if status := run(args, nil, io.Discard, io.Discard); status == exitFailed {
							b.Fatalf("%v: exit status %d", args, status)
						}
						if t := time.Since(start); took[i] == 0 || t < took[i] {
							took[i] = t
						}
					}
				}
				b.ReportMetric(float64(took[1])/float64(took[0]), "times")
				b.ReportMetric(took[1].Seconds()*1000, "ms/op")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
