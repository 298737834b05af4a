package effective

import (
	"fmt"
	"strings"
	"testing"
)

// TestLocationsApart holds what a location comes to beside others against what it
// comes to alone: they share what the server's rewrite directives do before
// anything asks for the path.
func TestLocationsApart(t *testing.T) {
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	locations := []string{"/ws", "/ws/", "/chat", "= /ws", "~ ^/live", "^~ /old/"}
	bodies := []string{
		"", "set $c upgrade;", "if ($b) { set $c close; }", "if ($b) { proxy_pass http://$b; }",
		"limit_except POST { proxy_pass http://a; }", "rewrite ^/old/(.*)$ /$1 break;",
	}
	for _, codes := range []string{
		"",
		"set $b 1; set $c upgrade;",
		"set $c close; if ($uri ~ ^/ws) { set $c upgrade; }",
		"set $c upgrade; if ($request_uri ~ ^/ws) { set $c close; }",
		"if ($arg_x) { set $b x; set $c close; } if ($uri = /ws) { set $c upgrade; }",
		"if ($arg_x) { return 403; } if ($arg_y) { rewrite ^ /chat last; }",
		"if ($arg_x) { set $c close; } rewrite ^/old/(.*)$ /ws/$1; set $b $1;",
		"set $b $1; if ($http_user_agent ~ (bot)) { set $b $1; return 444; }",
		"if ($http_cookie ~ id) { set $c upgrade; } if ($c = upgrade) { return 302 /login; }",
		many("if ($arg_a%[1]d) { set $v%[1]d x; }\n", 40) + "set $c upgrade;",
		many("if ($arg_a%[1]d) { set $c upgrade; }\n", 40) + "if ($uri ~ ^/chat) { set $c close; }",
		many("set $v%[1]d x;\n", 40) + "if ($arg_x) { set $v1 y; } if ($v1 = y) { set $c close; }",
		many("if ($arg_a%[1]d) { return 403; }\n", 3) + "if ($remote_addr = 10.0.0.1) { break; } set $c upgrade;",
	} {
		for _, body := range bodies {
			described := func(paths []string) map[string]string {
				src := "events {}\nhttp {\nupstream a { server 127.0.0.1:1; }\nserver {\nset $b ''; set $c '';\n" + codes + "\n"
				for _, p := range paths {
					src += "location " + p + " {\n" + body + `
proxy_pass http://a;
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $c;
proxy_set_header X-U $uri$b;
}
`
				}
				out := map[string]string{}
				for _, r := range model(t, src+"}\n}\n", Options{}).Routes {
					text := fmt.Sprintln(r.Scope.Kind, r.Verdict, r.Undecided, r.Elsewhere, r.Notes)
					for _, h := range r.Headers {
						text += fmt.Sprintln(h.Name, h.Sent)
					}
					for _, reason := range r.Reasons {
						text += fmt.Sprintln(reason.Kind)
					}
					modifier, match := r.Location.ModifierAndMatch()
					out[modifier+match] += text
				}
				return out
			}
			beside := described(locations)
			for _, p := range locations {
				name := strings.ReplaceAll(p, " ", "")
				got, alone := lineless(beside[name]), lineless(described([]string{p})[name])
				if got != alone || got == "" {
					t.Errorf("location %s with %q in a server with\n%s\nbeside others:\n%s\nalone:\n%s", p, body, codes, got, alone)
				}
			}
		}
	}
}

// lineless leaves out the line numbers, which differ, of what notes say.
func lineless(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if b.WriteByte(s[i]); s[i] == ':' {
			for i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
				i++
			}
		}
	}
	return b.String()
}
