package image

import (
	"fmt"
	"path/filepath"
	"testing"
)

func TestMainConfiguration(t *testing.T) {
	const conf = "-- nginx.conf --\n-- deploy/x --\n"
	const mount = "    volumes:\n    - ./nginx.conf:/etc/nginx/nginx.conf:ro\n"
	for _, tt := range []struct{ name, files, want string }{
		{"a mount", "-- compose.yaml --\nservices:\n  web:\n    image: nginx:alpine\n" + mount, "compose.yaml:2"},
		{"a mount of what an image has in conf.d", "-- compose.yaml --\nservices:\n  web:\n    image: nginx:1.25\n" + mount + "-- Dockerfile --\nFROM nginx\nCOPY nginx.conf /etc/nginx/conf.d/\n", "compose.yaml:2"},
		{"a Dockerfile", "-- Dockerfile --\nFROM nginx:1.25\nRUN apk add curl\nCOPY nginx.conf /etc/nginx/nginx.conf\n", "Dockerfile:1"},
		{"a build with its context", "-- compose.yaml --\nservices:\n  web:\n    build: {context: ., dockerfile: deploy/Dockerfile}\n-- deploy/Dockerfile --\nFROM openresty/openresty:alpine\nCOPY nginx.conf /usr/local/openresty/nginx/conf/\n", "compose.yaml:2"},

		{"in conf.d", "-- compose.yaml --\nservices:\n  web:\n    image: nginx:alpine\n    volumes:\n    - ./nginx.conf:/etc/nginx/conf.d/nginx.conf\n", ""},
		{"another program", "-- compose.yaml --\nservices:\n  web:\n    image: example/proxy\n" + mount, ""},
		{"a command of the service's own", "-- compose.yaml --\nservices:\n  web:\n    image: nginx\n    command: nginx -c /etc/nginx/other.conf\n" + mount, ""},
		{"a command of the image's own", "-- Dockerfile --\nFROM nginx:1.25\nCOPY nginx.conf /etc/nginx/nginx.conf\nCMD [\"nginx\", \"-c\", \"/x.conf\"]\n", ""},
		{"a script that may move it", "-- Dockerfile --\nFROM nginx:1.25\nCOPY nginx.conf /etc/nginx/nginx.conf\nRUN mv /etc/nginx/nginx.conf /etc/nginx/conf.d/\n", ""},
		{"one image of two", "-- Dockerfile --\nFROM nginx:1.25\nCOPY nginx.conf /etc/nginx/nginx.conf\n-- Dockerfile.dev --\nFROM nginx:1.25\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n", ""},
		{"a folder of the build that is guessed", "-- deploy/Dockerfile --\nFROM nginx:1.25\nCOPY nginx.conf /etc/nginx/nginx.conf\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := repository(t, tt.files+conf)
			var f Finder
			place, ok := f.Main(filepath.Join(top, "nginx.conf"))
			got := ""
			if ok {
				rel, err := filepath.Rel(top, place.File)
				if err != nil {
					t.Fatal(err)
				}
				got = fmt.Sprintf("%s:%d", filepath.ToSlash(rel), place.Line)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
