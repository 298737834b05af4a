package rules

import (
	"fmt"
	"time"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var workerShutdownTimeout = &Rule{
	Name:     "worker-shutdown-timeout",
	Category: Lifetime,
	Severity: Info,
	Advice:   true,
	Summary:  "what a reload does to open WebSockets",
	Doc: `A reload starts new workers, and the old ones go on until their last connection
ends. A WebSocket may last for days: without worker_shutdown_timeout old workers,
with all their memory and the configuration of that time, pile up with every
reload. With it, they close what is still open after that time, and clients have
to connect again; a short one drops every socket shortly after each reload.

An hour or more is a usual middle, with clients that reconnect after a random
pause. WebSockets are closed by it since nginx 1.13.7.`,
	Before: `events {}
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
		"https://nginx.org/en/docs/ngx_core_module.html#worker_shutdown_timeout",
		"https://nginx.org/en/docs/control.html#reconfiguration",
	},
	Options: []Option{optWebSocket, optVersion},
	Check:   checkWorkerShutdownTimeout,
}

func checkWorkerShutdownTimeout(p *Pass) {
	if !p.wholeWithWebSocket() || p.Model.Version.Before(1, 13, 7) {
		return
	}
	it := p.Model.Main.Last("worker_shutdown_timeout")
	if it.Directive == nil {
		if !p.Model.Main.Partial {
			p.Report(p.atHTTP("nothing sets worker_shutdown_timeout: after a reload, old workers stay until their last WebSocket ends; set it, to 1h for instance, at the top of nginx.conf"))
		}
		return
	}
	if d, ok := effective.ParseTime(it.Arg(0)); ok && d < time.Minute {
		p.Report(atItem(it, nil, 0, fmt.Sprintf(
			"worker_shutdown_timeout %s closes every WebSocket that long after each reload; write more, 1h for instance, if reloads are frequent", it.Arg(0))))
	}
}

// wholeWithWebSocket reports whether the model is a whole configuration with a
// location meant for WebSocket.
func (p *Pass) wholeWithWebSocket() bool {
	if p.Model.Outer != effective.Main || len(p.Model.HTTP) != 1 || p.Model.HTTP[0].Block == nil {
		return false
	}
	for _, r := range p.intended() {
		if r.Intent != effective.Inherited {
			return true
		}
	}
	return false
}

// atHTTP starts a finding about the process as a whole.
func (p *Pass) atHTTP(msg string) Finding {
	http := p.Model.HTTP[0]
	return Finding{Message: msg, File: http.Block.File, Span: headSpan(http.Block), Via: http.Via}
}
