package parser

import (
	"strings"
	"testing"
)

// Text that is no directive of any module takes what follows in as its arguments: where
// that is certain the file is refused, as nginx refuses it.
func TestUnknownHeads(t *testing.T) {
	const location = "location /ws {\n proxy_pass http://app;\n}\n"
	for _, c := range []struct{ name, text, want string }{
		{"slashes before a block", "// the sockets\n" + location, `1:1: unknown directive "//" (a comment begins with "#", and location of line 2 is read as its argument)`},
		{"slashes before a simple directive", "server {\n// plain\nlisten 80;\n}\n", `2:1: unknown directive "//" (a comment begins with "#", and listen of line 3 is read as its argument)`},
		{"slashes without a blank", "server {\n//listen 80;\n}\n", `2:1: unknown directive "//listen" (a comment begins with "#")`},
		{"slashes behind a directive", "server {\nlisten 80; // plain\nserver_name a;\n}\n", `2:12: unknown directive "//" (a comment begins with "#", and server_name of line 3 is read as its argument)`},
		{"slashes in a template", "server {\nserver_name {{ name }};\n// plain\nlisten 80;\n}\n", `3:1: this template could not be read: unknown directive "//" (a comment begins with "#", and listen of line 4 is read as its argument)`},
		{"a path that is glued on", "server {\nlocation/ws {\n}\n}\n", `2:1: unknown directive "location/ws" (a blank is missing behind "location")`},
		{"a modifier that is glued on", "location~* \\.js$ {\n}\n", `1:1: unknown directive "location~*" (a blank is missing behind "location")`},
		{"a condition that is glued on", "location / {\nif($host) { return 404; }\n}\n", `2:1: unknown directive "if($host)" (a blank is missing behind "if")`},
		{"a brace that is glued on", "server{\nlocation /{\n}\n}\n", ``},
		{"another's name", "location_x/y {\n}\n", ``},
		{"words of a map", "map $a $b {\nlocation/x 1;\n}\n", ``},
		{"a line of dashes", "server {\n-----\n" + location + "}\n", `2:1: unknown directive "-----" (location of line 3 is read as its argument)`},
		{"a number", "server {\n 80;\n}\n", `2:2: unknown directive "80"`},
		{"a line of dashes between servers", "server { }\n-----\nserver {\n listen 80;\n}\n", `2:1: unknown directive "-----" (server of line 3 is read as its argument)`},
		{"prose", "see the picture for the settings\n" + location, `1:1: unknown directive "see" (location of line 2 is read as its argument)`},
		{"prose before an upstream", "this is what we have\nupstream app {\n server a;\n}\n", `1:1: unknown directive "this" (upstream of line 2 is read as its argument)`},
		{"an unknown directive without its semicolon", "server {\n acme_thing on\n location ~ ^/ws {\n proxy_pass http://app;\n }\n}\n", `2:2: unknown directive "acme_thing" (location of line 3 is read as its argument)`},
		{"a mark of a merge conflict", "server {\n<<<<<<< HEAD\n listen 80;\n=======\n listen 81;\n>>>>>>> b\n root /;\n}\n", `2:1: unknown directive "<<<<<<<" (line 2 was left in by a merge conflict)`},
		{"dots that do not stand alone", "server {\n ... ;\n}\n", `2:2: unknown directive "..."`},

		{"unknown directives", "server {\n acme_thing on;\n acme_block a b {\n acme on;\n }\n}\n", ""},
		{"an unknown directive of several lines", "server {\n acme_thing a\n proxy_pass\n gzip;\n acme_if a\n b {\n }\n}\n", ""},
		{"an unknown block with a word that is a block's", "acme_route\n location a b c {\n acme on;\n}\nserver { }\n", ""},
		{"words of a map", "map $uri $x {\n //a 1;\n 80 2;\n --- 3;\n}\nmap $a $b {\n ''\n listen;\n}\n", ""},
		{"words of types and geo", "types { a/b //c; }\ngeo $x {\n 10.0.0.0/8 1;\n 127.0.0.1 2;\n}\n", ""},
		{"a piece of a geo block", "10.0.0.0/8 1;\n192.168.0.0/16 1;\n", ""},
		{"slashes in an address and a comment", "# // listen\nserver {\n listen 80; # // plain\n return 301 //a/b;\n}\n", ""},
		{"letters of another alphabet", "server {\n имя on;\n}\n", ""},
		{"slashes in Lua", "server {\n content_by_lua_block {\n -- // x\n local a = 7 / 2\n }\n}\n", ""},
		{"slashes in a comment of a template", "server {\n{# // here #}\n listen {{ port }};\n}\n", ""},
		{"what stands for directives", "server {\n ${EXTRA}\n location / {\n }\n {{ more }}\n}\n", ""},
		{"dots for what is left out", "server {\n ...\n location /a {\n }\n [...]\n location /b {\n …\n }\n ......\n}\n", ""},
		{"words between dots for what is left out", "server {\n ...<省略>...\n location /a {\n }\n ... more of it ...\n listen 80;\n}\n", ""},
	} {
		f := Parse("a.conf", []byte(c.text))
		got := ""
		if len(f.Errors) > 0 {
			got = strings.TrimPrefix(f.Errors[0].Error(), "a.conf:")
			if f.Errors[0].Hint != "" {
				got += " (" + f.Errors[0].Hint + ")"
			}
		}
		if got != c.want {
			t.Errorf("%s: error %q, want %q", c.name, got, c.want)
		}
	}
}

// Dots on a line of their own stand for directives that an example leaves out: the
// blocks behind them are read.
func TestOmission(t *testing.T) {
	f := Parse("a.conf", []byte("server {\n ...\n location /a {\n [...]\n }\n location /b {\n proxy_pass http://b;\n }\n}\n"))
	if len(f.Errors) > 0 || len(f.Directives) != 1 {
		t.Fatalf("errors %v, %d directives, want none and one", f.Errors, len(f.Directives))
	}
	server := f.Directives[0]
	if len(server.Children) != 2 || len(server.Open()) != 1 || len(server.Children[0].Open()) != 1 || len(server.Children[1].Open()) != 0 {
		t.Errorf("%d locations, left open %v, %v and %v; want two, and dots in the server and the first one",
			len(server.Children), server.Open(), server.Children[0].Open(), server.Children[1].Open())
	}
}
