package probe

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

func TestMaskURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"ws://h/p?a=1", "ws://h/p?a=1"},
		{"ws://ann:pw@h/p", "ws://***@h/p"},
		{"ws://ann@h/p", "ws://***@h/p"},
		{"ws://h/p?token=abc&room=7", "ws://h/p?token=***&room=7"},
		{"ws://h/p?access_token=abc", "ws://h/p?access_token=***"},
		{"ws://h/p?api_key=abc&apikey=x&key=y", "ws://h/p?api_key=***&apikey=***&key=***"},
		{"ws://h/p?X-Amz-Signature=abc", "ws://h/p?X-Amz-Signature=***"},
		{"ws://h/p?EIO=4&transport=websocket&sid=abc", "ws://h/p?EIO=4&transport=websocket&sid=***"},
		{"ws://h/p?t=eyJhbGciOi.eyJzdWIi.c2ln", "ws://h/p?t=***"},
		{"ws://h/p?x=0123456789abcdef0123456789abcdef", "ws://h/p?x=***"},
		{"ws://h/p?to%6Ben=abc", "ws://h/p?to%6Ben=***"},
		{"ws://h/p?keyboard=de&monkey=1", "ws://h/p?keyboard=de&monkey=1"},
		{"ws://h/p?token=", "ws://h/p?token="},
		{"ws://h/p#frag", "ws://h/p"},
	} {
		u, err := url.Parse(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := maskURL(u); got != c.want {
			t.Errorf("maskURL(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestMaskField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, want string }{
		{"Authorization", "Bearer abc", "Bearer ***"},
		{"authorization", "abc", "***"},
		{"Proxy-Authorization", "Basic abc", "Basic ***"},
		{"Cookie", "a=b; c=d", "***"},
		{"Set-Cookie", "sid=abc; Path=/; HttpOnly", "sid=***; Path=/; HttpOnly"},
		{"X-Api-Key", "abc", "***"},
		{"X-Auth-Token", "abc", "***"},
		{"X-CSRF-Token", "abc", "***"},
		{"Location", "https://ann:pw@h/p?token=1", "https://***@h/p?token=***"},
		{"Location", "/p?token=1&b=2", "/p?token=***&b=2"},
		{"Sec-WebSocket-Protocol", "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.YWJj", "v4.channel.k8s.io, ***"},
		{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="},
		{"WWW-Authenticate", `Basic realm="x"`, `Basic realm="x"`},
		{"Origin", "https://app.example.com", "https://app.example.com"},
	} {
		if got := maskField(c.name, c.value); got != c.want {
			t.Errorf("maskField(%q, %q) = %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

// Whatever is printed, and however it comes back, no credential is in it.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	at, _ := failing(t)
	secrets := []string{"pass-of-ann", "bearer-of-bob", "cookie-of-cyd", "token-of-dan", "proxy-of-eve", "key-of-fay", "YW5uOnBhc3Mtb2YtYW5u"}
	for _, path := range []string{"/ok", "/bare", "/page", "/user", "/old", "/secure", "/origin", "/files", "/dir", "/idle1", "/silent"} {
		for _, form := range []string{"text", "json"} {
			t.Run(path+" "+form, func(t *testing.T) {
				t.Parallel()
				r := run(t, "ws://ann:pass-of-ann@"+at("8080")+path+"?token=token-of-dan&echo=1", func(o *Options) {
					o.Timeout, o.Wire = 500*time.Millisecond, true
					o.Message, o.Send = "log in with token-of-dan", true
					o.Headers = []Field{
						{"Cookie", "sid=cookie-of-cyd"}, {"Proxy-Authorization", "Bearer proxy-of-eve"}, {"X-Api-Key", "key-of-fay"},
					}
					if path == "/bare" {
						o.URL.User = nil
						o.Headers = append(o.Headers, Field{"Authorization", "Bearer bearer-of-bob"})
					}
				})
				var b bytes.Buffer
				print := Text
				if form == "json" {
					print = JSON
				}
				if err := print(&b, r, nil, report.Style{}); err != nil {
					t.Fatal(err)
				}
				for _, s := range secrets {
					if strings.Contains(b.String(), s) {
						t.Errorf("%s holds %q:\n%s", form, s, b.String())
					}
				}
				if !strings.Contains(b.String(), "?token=***&echo=1") || !strings.Contains(b.String(), "Cookie: ***") {
					t.Errorf("what was masked does not show as such:\n%s", b.String())
				}
			})
		}
	}
}

// The bytes of both directions, as they passed.
func TestWire(t *testing.T) {
	t.Parallel()
	at, _ := failing(t)
	r := run(t, "ws://"+at("8080")+"/ok", func(o *Options) { o.Wire, o.Send, o.Message = true, true, "hi" })
	var got []string
	for _, w := range r.last().Wire {
		got = append(got, w.Way+" "+w.Kind+" "+w.Note)
	}
	want := []string{
		"sent head ", "received head ", "sent frame ping", "received frame pong",
		`sent frame text "hi"`, `received frame text "hi"`, "sent frame close 1000", "received frame close 1000",
	}
	for i := range got {
		if strings.HasPrefix(got[i], "sent frame ping") || strings.HasPrefix(got[i], "received frame pong") {
			got[i], _, _ = strings.Cut(got[i], ` "`) // the payload is the library's
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("passed:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	head := r.last().Wire[0].Text
	for _, line := range []string{`GET /ok HTTP/1.1\r\n` + "\n", `Connection: Upgrade\r\n`, `Origin: http://127.0.0.1`, `Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n`} {
		if !strings.Contains(head, line) {
			t.Errorf("the request has no %s:\n%s", line, head)
		}
	}
	if hex := r.last().Wire[5].Text; hex != "81026869" {
		t.Errorf("the message came back as %s, want 81026869", hex)
	}
}

// A redirect to another host takes no credentials with it.
func TestFollowForgets(t *testing.T) {
	t.Parallel()
	other := nginxtest.NewBackend(t)
	_, port, _ := strings.Cut(other.Addr, ":")
	first := nginxtest.NewBackend(t, nginxtest.Redirect("ws://localhost:"+port+"/there"))
	r := run(t, "ws://ann:pass-of-ann@"+first.Addr+"/", func(o *Options) {
		o.Follow = true
		o.Headers = []Field{{"Cookie", "sid=cookie-of-cyd"}, {"X-Plain", "yes"}}
		o.Resolve = []Resolve{{"localhost", port, "127.0.0.1"}}
	})
	if r.Outcome != Works {
		t.Fatalf("outcome %s\n%s", r.Outcome, text(t, r))
	}
	for _, q := range other.Requests() {
		if q.Headers.Has("Cookie") || q.Headers.Has("Authorization") || q.Headers.Get("X-Plain") != "yes" {
			t.Errorf("the other host received %v", q.Headers)
		}
	}
	if len(r.Hops) != 2 || !strings.Contains(text(t, r), "the credentials are not sent to the other host") {
		t.Errorf("it does not say that credentials stay behind:\n%s", text(t, r))
	}
}
