package effective

import "testing"

// TestScripts holds that Lua which runs before the pass may have given variables
// of set other values, and that nothing else becomes unknown by it.
func TestScripts(t *testing.T) {
	const (
		lua   = `access_by_lua_block { app.access() } `
		lines = `proxy_http_version 1.1; proxy_set_header Upgrade $up; proxy_set_header Connection $conn; proxy_pass http://127.0.0.1:1; `
		plain = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_pass http://127.0.0.1:1; `
		empty = `set $up ''; set $conn ''; `
	)
	for _, tt := range []struct {
		name, server string
		want         Verdict
	}{
		{"set in the location", `location /ws { ` + empty + lua + lines + `}`, Unknown},
		{"set in the server, Lua too", empty + lua + `location /ws { ` + lines + `}`, Unknown},
		{"set in another location", `location /ws { ` + lua + lines + `} location /a { ` + empty + `}`, Unknown},
		{"Lua of an if's location", `location /ws { ` + empty + lua + `if ($http_upgrade) { ` + `proxy_pass http://127.0.0.1:1; } ` + lines + `}`, Unknown},
		{"Lua that runs later", `location /ws { ` + empty + `log_by_lua_block { app.log() } ` + lines + `}`, Broken},
		{"Lua for one variable", `location /ws { set $up ''; set $conn upgrade; set_by_lua_block $up { return app.up() } ` + lines + `}`, Unknown},
		{"a subrequest for one variable", `location /ws { set $up ''; set $conn upgrade; auth_request /auth; auth_request_set $up $upstream_http_x_up; ` + lines + `}`, Unknown},
		{"Lua for another variable", `location /ws { ` + empty + `set_by_lua_block $other { return app.up() } ` + lines + `}`, Broken},
		{"Lua elsewhere", `location /ws { ` + empty + lines + `} location /a { ` + lua + `}`, Broken},
		{"no variable of set", `location /ws { ` + lua + plain + `}`, Works},
		{"a constant that breaks it", `location /ws { ` + empty + lua + `proxy_set_header Upgrade ''; proxy_pass http://127.0.0.1:1; }`, Broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("", tt.server), Options{})
			for _, r := range m.Routes {
				if r.Verdict != tt.want {
					t.Errorf("%s is %s (%v, %s), want %s", tt.server, r.Verdict, r.Reasons, r.Undecided, tt.want)
				}
			}
			if len(m.Routes) == 0 {
				t.Errorf("%s has no route", tt.server)
			}
		})
	}
}

// TestAnswerBefore holds that $upstream_http_NAME speaks of the answer before one in
// the locations that only others send requests to.
func TestAnswerBefore(t *testing.T) {
	const lines = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; `
	for _, tt := range []struct {
		name, location string
		want           Verdict
	}{
		{"named", `location @on { set $to $upstream_http_location; proxy_pass $to; ` + lines + `}`, Works},
		{"internal", `location /on { internal; set $to $upstream_http_location; proxy_pass $to; ` + lines + `}`, Works},
		{"without set", `location @on { proxy_pass $upstream_http_location; ` + lines + `}`, Works},
		{"for clients", `location /on { set $to $upstream_http_location; proxy_pass $to; ` + lines + `}`, Broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("resolver 127.0.0.1;", tt.location+` location / { proxy_pass http://127.0.0.1:1; proxy_intercept_errors on; error_page 302 = @on; }`), Options{})
			r := m.Routes[0]
			if r.Verdict != tt.want {
				t.Errorf("%s is %s (%v, %s), want %s", tt.location, r.Verdict, r.Reasons, r.Undecided, tt.want)
			}
		})
	}
}
