package rules

import (
	"fmt"
	"strconv"
)

var workerConnections = &Rule{
	Name:     "worker-connections",
	Category: Capacity,
	Severity: Info,
	Advice:   true,
	Summary:  "few WebSockets fit into a worker",
	Doc: `Every WebSocket takes two connections of a worker, the client's and the
upstream's, for as long as it is open. worker_connections is 512 unless something
is written: some 250 WebSockets for each worker, and then "worker_connections are
not enough" in the log and 500 for whoever comes next. Each connection is an open
file too, of which worker_rlimit_nofile, or the system's limit, has to allow as
many and some more for logs and files.`,
	Before: `events {
    worker_connections 512;
}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/ngx_core_module.html#worker_connections",
		"https://nginx.org/en/docs/ngx_core_module.html#worker_rlimit_nofile",
	},
	Options: []Option{optWebSocket},
	Check:   checkWorkerConnections,
}

// fewConnections is what worker_connections should reach: Debian's 768 is below.
const fewConnections = 1024

func checkWorkerConnections(p *Pass) {
	if !p.wholeWithWebSocket() {
		return
	}
	events := p.Model.Main.Last("events")
	if events.Scope == nil || events.Scope.Partial {
		return
	}
	connections := 512
	at, written := events, events.Scope.Last("worker_connections")
	said := "worker_connections is 512 unless something is written"
	if written.Directive != nil {
		n, err := strconv.Atoi(written.Arg(0))
		if err != nil {
			return
		}
		connections, at = n, written
		said = fmt.Sprintf("worker_connections is %d", n)
	}
	if connections < fewConnections {
		p.Report(atItem(at, nil, 0, fmt.Sprintf(
			"%s, and each WebSocket takes two: a worker is full with %d; write 4096 or more", said, connections/2)))
	}
	files := p.Model.Main.Last("worker_rlimit_nofile")
	if files.Directive == nil {
		return
	}
	if n, err := strconv.Atoi(files.Arg(0)); err == nil && n < 2*connections {
		f := atItem(files, nil, 0, fmt.Sprintf(
			"worker_rlimit_nofile %d is less than twice worker_connections (%d), and each connection may take two files; write %d or more", n, connections, 2*connections))
		f.Related = []Place{{at.File, headSpan(at.Directive), "the connections of a worker"}}
		p.Report(f)
	}
}
