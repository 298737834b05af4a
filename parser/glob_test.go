package parser

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOpenFolders holds that an include of folders is what glob(3) and open(2) make of
// it: nginx fails to read them.
func TestOpenFolders(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nginx does not ask glob(3) there")
	}
	for _, tt := range []struct{ include, want string }{
		{"i/[[:lower:]].conf", "main *wnginx.conf *wi/a.conf\n"},
		{"i/[![:lower:]]*.conf", "main *wnginx.conf *wi/1.conf\n"},
		{"i/.h*", "main *wnginx.conf *wi/.hidden\n"},
		{"i/.*/a.conf", "main *wnginx.conf *wi/a.conf\n"},
		{"i/*.conf/", "main *wnginx.conf\n"},
		{"*/", "main *wnginx.conf\nnginx.conf:2:8: failed: include \"*/\": \"i\" is a directory\n"},
		{"i/", "main *wnginx.conf\nnginx.conf:2:8: failed: include \"i/\": \"i\" is a directory\n"},
		{"i/a.conf/", "main *wnginx.conf\nnginx.conf:2:8: failed: include \"i/a.conf/\": \"i/a.conf\" is not a directory\n"},
	} {
		dir := tree(t, map[string]string{"nginx.conf": "events {}\nhttp { include " + tt.include + "; }\n", "i/a.conf": serverText, "i/1.conf": serverText, "i/.hidden": serverText})
		if diff := cmp.Diff(tt.want, describe(Open([]string{"nginx.conf"}, Options{}), dir)); diff != "" {
			t.Errorf("include %s: %s", tt.include, diff)
		}
	}
	dir := tree(t, map[string]string{"nginx.conf": "events {}\nhttp { include i/.*; }\n", "i/.hidden": serverText})
	const want = "main *wnginx.conf *wi/.hidden\n" +
		"nginx.conf:2:8: failed: include \"i/.*\": \".\" is a directory\nnginx.conf:2:8: failed: include \"i/.*\": \"i\" is a directory\n"
	if diff := cmp.Diff(want, describe(Open([]string{"nginx.conf"}, Options{}), dir)); diff != "" {
		t.Error(diff)
	}
}
