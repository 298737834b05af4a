package effective

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSettleAll holds the routes that several goroutines settle against those that
// one does. With -race it shows that they share nothing that they write.
func TestSettleAll(t *testing.T) {
	var servers strings.Builder
	for n := range parallelRoutes / 4 {
		fmt.Fprintf(&servers, `server {
listen 80;
server_name s%[1]d.test;
set $app app%[2]d;
error_page 418 = @ws;
location /ws { proxy_pass http://$app; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }
location ~ ^/(live|chat)/(.*)$ { if ($http_upgrade) { return 418; } proxy_pass http://app1/$2; proxy_set_header X-A $app; }
location @ws { proxy_http_version 1.1; proxy_pass http://app0; proxy_set_header Connection "upgrade"; }
location /api { limit_except GET { proxy_pass http://app1; } proxy_pass http://app0; }
}
`, n, n%2)
	}
	src := "events {}\nhttp {\nmap $http_upgrade $connection_upgrade { default upgrade; '' close; }\n" +
		"upstream app0 { server 127.0.0.1:1; }\nupstream app1 { server 127.0.0.1:2; }\n" + servers.String() + "}\n"
	settled := func(workers int) []string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers))
		var out []string
		for _, r := range model(t, src, Options{}).Routes {
			text := fmt.Sprint(r.Verdict, r.Undecided, r.Intent, r.IntentWhy, r.HTTPVersion, r.Idle.Text)
			for _, h := range r.Headers {
				text += fmt.Sprint(h.Name, h.Sent)
			}
			for _, reason := range r.Reasons {
				text += string(reason.Kind)
			}
			out = append(out, text)
		}
		return out
	}
	one, four := settled(1), settled(4)
	if len(one) < parallelRoutes {
		t.Fatalf("%d routes, fewer than the %d that several goroutines settle", len(one), parallelRoutes)
	}
	if diff := cmp.Diff(one, four); diff != "" {
		t.Errorf("one goroutine (-) and four (+) disagree:\n%s", diff)
	}
}
