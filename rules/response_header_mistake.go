package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var responseHeaderMistake = &Rule{
	Name:     "response-header-mistake",
	Category: HandshakeCategory,
	Severity: Warning,
	Summary:  "a directive for response headers is used where proxy_set_header was meant",
	Doc: `add_header writes into the answer to the client, and proxy_pass_header lets a
header of the upstream's answer through. Neither changes the request that the
upstream receives: that is what proxy_set_header does.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    add_header Upgrade $http_upgrade;
    add_header Connection "upgrade";
}
`,
	Check: checkResponseHeaderMistake,
}

func checkResponseHeaderMistake(p *Pass) {
	found := false
	p.Model.EachScope(func(s *effective.Scope) {
		for i := range s.Items {
			if it := &s.Items[i]; (it.Is("add_header") || it.Is("proxy_pass_header")) && isUpgradeOrConnection(it.Arg(0)) {
				found = true
			}
		}
	})
	if !found {
		return
	}
	for _, r := range p.Model.Routes {
		if !r.Pass.Is("proxy_pass") || r.Because(effective.MissingUpgrade) == nil && r.Because(effective.MissingConnection) == nil {
			continue
		}
		for _, name := range []string{"add_header", "proxy_pass_header"} {
			items, _ := r.Scope.Effective(name)
			for _, it := range items {
				if !isUpgradeOrConnection(it.Arg(0)) {
					continue
				}
				does := "writes into the answer to the client"
				if name == "proxy_pass_header" {
					does = "is about the upstream's answer"
				}
				p.Report(atItem(it, r, min(p.Rule.Severity, Warning), fmt.Sprintf(
					"%s %s %s, and the upstream does not get the header; write proxy_set_header %s instead",
					name, it.Arg(0), does, it.Arg(0))))
			}
		}
	}
}
