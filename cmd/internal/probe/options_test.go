package probe

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, err string }{
		{"ws://app.example.com/ws", ""},
		{"wss://[::1]:8443/", ""},
		{"http://h", ""},
		{"ftp://h/", "a WebSocket can be opened with"},
		{"app.example.com/ws", "write ws://host/path"},
		{"app.example.com:80", "write ws://host/path"},
		{"ws:///path", "names no host; write ws://host/path"},
		{"ws://h:99999/", "port 99999 is none"},
		{"ws://h:0/", "port 0 is none"},
		{"ws://h:x/", "is not a URL"},
		{"ws://h/%zz", "is not a URL"},
		{"://ann:pass-of-ann@h/", "is not a URL"},
		{"ftp://ann:pass-of-ann@h/?token=token-of-dan", "a WebSocket can be opened with"},
		{"ws://ann:pass-of-ann%zz@h/", "is not a URL"},
		{"ws://ann:pass-of-ann@h:x/?token=token-of-dan", "is not a URL"},
		{"ann:pass-of-ann@h/ws", "write ws://host/path"},
	} {
		_, err := ParseURL(c.in)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("ParseURL(%q): %v, want %q", c.in, err, c.err)
		}
		if err != nil && (strings.Contains(err.Error(), "pass-of-ann") || strings.Contains(err.Error(), "token-of-dan")) {
			t.Errorf("ParseURL(%q) repeats a credential: %v", c.in, err)
		}
	}
}

func TestParseResolve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want Resolve
		err  string
	}{
		{"h:443:192.0.2.1", Resolve{"h", "443", "192.0.2.1"}, ""},
		{"h:443:2001:db8::1", Resolve{"h", "443", "2001:db8::1"}, ""},
		{"h:443:[2001:db8::1]", Resolve{"h", "443", "2001:db8::1"}, ""},
		{"[::1]:80:127.0.0.1", Resolve{"::1", "80", "127.0.0.1"}, ""},
		{"h:443", Resolve{}, "want HOST:PORT:ADDRESS"},
		{"h", Resolve{}, "want HOST:PORT:ADDRESS"},
		{":443:192.0.2.1", Resolve{}, "want HOST:PORT:ADDRESS"},
		{"h:https:192.0.2.1", Resolve{}, `port "https" is none`},
		{"h:443:other.example.com", Resolve{}, "is not an IP address"},
		{"[::1:80:127.0.0.1", Resolve{}, "want HOST:PORT:ADDRESS"},
	} {
		got, err := ParseResolve(c.in)
		if got != c.want && c.err == "" || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("ParseResolve(%q) = %v, %v, want %v, %q", c.in, got, err, c.want, c.err)
		}
	}
}

func TestParseHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want Field
		err  string
	}{
		{"Cookie: a=b", Field{"Cookie", "a=b"}, ""},
		{"Origin:", Field{"Origin", ""}, ""},
		{"X-A:b:c", Field{"X-A", "b:c"}, ""},
		{"Authorization Bearer abc", Field{}, "there is no colon"},
		{"two words: x", Field{}, "before the colon is no name"},
		{"X-A: b\r\nX-B: c", Field{}, "holds a control character"},
		{": x", Field{}, "is no name"},
	} {
		got, err := ParseHeader(c.in)
		if got != c.want && c.err == "" || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("ParseHeader(%q) = %v, %v, want %v, %q", c.in, got, err, c.want, c.err)
		}
	}
}

// Options that make no sense are refused before anything is connected to.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*Options)
		err    string
	}{
		{func(o *Options) { o.URL = nil }, "no URL"},
		{func(o *Options) { o.Keepalive = time.Second }, "give --idle too"},
		{func(o *Options) { o.Idle, o.Keepalive = time.Second, time.Second }, "never pings within"},
		{func(o *Options) { o.Idle = -1 }, "--idle"},
		{func(o *Options) { o.Timeout = -1 }, "--timeout"},
		{func(o *Options) { o.Subprotocols = []string{"a b"} }, "number 1 is not a name"},
		{func(o *Options) { o.Subprotocols = []string{"a", "a"} }, "number 2 is given twice"},
		{func(o *Options) { o.Host = "a b" }, "is no Host line"},
		{func(o *Options) { o.Host = "http://a/" }, "is no Host line"},
		{func(o *Options) { o.Origin = "a\nb" }, "--origin"},
	} {
		o := Options{URL: &url.URL{Scheme: "ws", Host: "127.0.0.1:1"}}
		c.change(&o)
		if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("Run(%+v): %v, want %q", o, err, c.err)
		}
	}
}

// The request is what a browser sends, changed by what the options say.
func TestRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url    string
		change func(*Options)
		want   []string
		not    []string
	}{
		{"wss://app.example.com/ws?a=1", nil, []string{
			"GET /ws?a=1 HTTP/1.1\r\nHost: app.example.com\r\n", "Origin: https://app.example.com\r\n", "Connection: Upgrade\r\n",
			"Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"},
			[]string{"Authorization", "Sec-WebSocket-Protocol"}},
		{"wss://app.example.com:443", nil, []string{"GET / HTTP/1.1\r\nHost: app.example.com\r\n"}, nil},
		{"ws://app.example.com:8080/", nil, []string{"Host: app.example.com:8080\r\n", "Origin: http://app.example.com:8080\r\n"}, nil},
		{"ws://[::1]:80/", nil, []string{"Host: [::1]\r\n"}, nil},
		{"ws://a:b@h/", nil, []string{"Authorization: Basic YTpi\r\n"}, nil},
		{"ws://h/", func(o *Options) { o.Host = "app.example.com" }, []string{"Host: app.example.com\r\n", "Origin: http://app.example.com\r\n"}, nil},
		{"ws://h/", func(o *Options) { o.Origin = "none" }, nil, []string{"Origin"}},
		{"ws://h/", func(o *Options) { o.Origin = "https://x" }, []string{"Origin: https://x\r\n"}, nil},
		{"ws://h/", func(o *Options) { o.Subprotocols = []string{"a", "b"} }, []string{"Sec-WebSocket-Protocol: a, b\r\n"}, nil},
		{"ws://h/", func(o *Options) {
			o.Headers = []Field{{"connection", "keep-alive, Upgrade"}, {"Pragma", ""}, {"X-A", "1"}, {"X-A", "2"}}
		}, []string{"connection: keep-alive, Upgrade\r\n", "X-A: 1\r\nX-A: 2\r\n"}, []string{"Connection: Upgrade", "Pragma"}},
	} {
		u, err := ParseURL(c.url)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{URL: u, Agent: "wsnginx"}
		if c.change != nil {
			c.change(&o)
		}
		got := string(newRequest(&o, u).bytes())
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("request for %s has no %q:\n%s", c.url, want, got)
			}
		}
		for _, not := range c.not {
			if strings.Contains(got, not) {
				t.Errorf("request for %s has %q:\n%s", c.url, not, got)
			}
		}
	}
}

func TestAcceptOf(t *testing.T) {
	t.Parallel()
	// The example of RFC 6455, 1.3.
	if got := acceptOf("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("acceptOf = %q", got)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   time.Duration
		want string
	}{
		{400 * time.Microsecond, "< 1 ms"},
		{3400 * time.Microsecond, "3 ms"},
		{949 * time.Millisecond, "949 ms"},
		{997 * time.Millisecond, "1 s"},
		{1240 * time.Millisecond, "1.2 s"},
		{59990 * time.Millisecond, "1m0s"},
		{90 * time.Second, "1m30s"},
	} {
		if got := Duration(c.in).String(); got != c.want {
			t.Errorf("Duration(%d).String() = %q, want %q", c.in, got, c.want)
		}
	}
}
