package effective

import "testing"

func TestTakesAll(t *testing.T) {
	for _, c := range []struct {
		pattern, match string
		want           bool
	}{
		{"^/chat(/.*)$", "/chat/", true},
		{"^/chat/(.*)$", "/chat/", true},
		{"^/chat/(.*)", "/chat", true},
		{"/chat/(.*)", "/chat/", false},
		{"^/chat/?(.*)$", "/chat", true},
		{"^/v1\\.0/(.*)$", "/v1.0/", true},
		{"^", "/chat/", true},
		{"^(.*)$", "/chat/", true},
		{"^/.*$", "/chat/", true},
		{".*", "/chat/", true},
		{"^/chat/old/(.*)$", "/chat/", false},
		{"^/chatter/(.*)$", "/chat/", false},
		{"^/chat$", "/chat", false},
		{"^/chat/(\\d+)$", "/chat/", false},
		{"^/old/(.*)$", "/chat/", false},
	} {
		if got := takesAll(c.pattern, c.match); got != c.want {
			t.Errorf("takesAll(%q, %q) = %v, want %v", c.pattern, c.match, got, c.want)
		}
	}
}
