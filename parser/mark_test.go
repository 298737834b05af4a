package parser

import "testing"

// TestByteOrderMark: nginx refuses the file, and what follows is read all the
// same, so that its findings can be shown.
func TestByteOrderMark(t *testing.T) {
	for _, tt := range []struct{ src, msg, first string }{
		{"\xEF\xBB\xBFserver { listen 80; }", `unknown directive "\xEF\xBB\xBFserver" (the file begins with a byte order mark; save it without)`, "server"},
		{"\xEF\xBB\xBF\nserver { listen 80; }", `unknown directive "\xEF\xBB\xBF" (the file begins with a byte order mark; save it without)`, "server"},
	} {
		f := Parse("x.conf", []byte(tt.src))
		if len(f.Errors) != 1 || f.Errors[0].Msg != tt.msg || f.Errors[0].Line != 1 || f.Errors[0].Column != 1 {
			t.Errorf("Parse(%q): errors %v, want %q at 1:1", tt.src, f.Errors, tt.msg)
		}
		if len(f.Directives) != 1 || !f.Directives[0].Is(tt.first) {
			t.Errorf("Parse(%q): directives %v, want %s", tt.src, f.Directives, tt.first)
		}
	}
	if f := Parse("x.conf", []byte("server_name \xEF\xBB\xBFx;")); len(f.Errors) != 0 {
		t.Errorf("a mark inside: errors %v, want none", f.Errors)
	}
}
