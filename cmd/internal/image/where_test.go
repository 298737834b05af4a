package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// placesIn returns what Where says, as seen from top: "a.conf b.conf", or its error.
func placesIn(t *testing.T, f *Finder, top, main string, fragment bool, include string) string {
	t.Helper()
	places, err := f.Where(filepath.Join(top, filepath.FromSlash(main)), fragment, include)
	var differ *DifferError
	if errors.As(err, &differ) {
		return "error: " + differ.Said(func(path string) string {
			rel, err := filepath.Rel(top, path)
			if err != nil {
				t.Fatal(err)
			}
			return filepath.ToSlash(rel)
		})
	}
	names := make([]string, len(places))
	for i, place := range places {
		rel, err := filepath.Rel(top, place)
		if err != nil {
			t.Fatal(err)
		}
		names[i] = filepath.ToSlash(rel)
	}
	return strings.Join(names, " ")
}

func TestWhere(t *testing.T) {
	const (
		conf = "-- conf/nginx.conf --\n-- sites/b.conf --\n-- sites/a.conf --\n-- sites/.hidden.conf --\n-- sites/README --\n" +
			"-- snippets/proxy.conf --\n-- templates/app.conf.template --\n-- templates/a.conf.template --\n-- templates/tcp.conf.stream-template --\n-- templates/sub/x.conf.template --\n"
		service = "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.27\n    volumes:\n      - ./conf/nginx.conf:/etc/nginx/nginx.conf:ro\n"
		docker  = "-- Dockerfile --\nFROM nginx:1.27\nCOPY conf/nginx.conf /etc/nginx/\n"
		all     = "/etc/nginx/conf.d/*.conf"
	)
	for _, tt := range []struct {
		name, files, include, want string
	}{
		{"a folder that is mounted", service + "      - ./sites:/etc/nginx/conf.d:ro\n", all, "sites/a.conf sites/b.conf"},
		{"a file in it", service + "      - ./sites:/etc/nginx/conf.d\n", "/etc/nginx/conf.d/b.conf", "sites/b.conf"},
		{"a file that is not in it", service + "      - ./sites:/etc/nginx/conf.d\n", "/etc/nginx/conf.d/c.conf", ""},
		{"another folder", service + "      - ./sites:/etc/nginx/conf.d\n", "/etc/nginx/http.d/*.conf", ""},
		{"a file that is mounted", service + "      - ./snippets/proxy.conf:/etc/nginx/snippets/ws.conf\n", "/etc/nginx/snippets/ws.conf", "snippets/proxy.conf"},
		{"a file by a pattern", service + "      - ./snippets/proxy.conf:/etc/nginx/conf.d/ws.conf\n", all, "snippets/proxy.conf"},
		{"files by the names they get", service + "      - ./sites/a.conf:/etc/nginx/conf.d/z.conf\n      - ./sites/b.conf:/etc/nginx/conf.d/y.conf\n", all, "sites/b.conf sites/a.conf"},
		{"another ending", service + "      - ./snippets/proxy.conf:/etc/nginx/conf.d/ws.inc\n", all, ""},
		{"a mount over a mount", service + "      - ./snippets/proxy.conf:/etc/nginx/conf.d/a.conf\n      - ./sites:/etc/nginx/conf.d\n", all, "snippets/proxy.conf sites/b.conf"},
		{"a pattern for folders", service + "      - ./sites:/etc/nginx/a/on\n      - ./snippets:/etc/nginx/b/on\n", "/etc/nginx/*/on/[bp]*", "sites/b.conf snippets/proxy.conf"},
		{"relative to the main file", service + "      - ./sites:/etc/nginx/conf.d\n", "conf.d/*.conf", "sites/a.conf sites/b.conf"},
		{"relative to nothing", service + "      - ./sites:/srv/conf.d\n", "conf.d/*.conf", ""},
		{"relative upwards", service + "      - ./sites:/srv/conf.d\n", "../../srv/conf.d/a.conf", "sites/a.conf"},
		{"outside of the repository", service + "      - ../sites:/etc/nginx/conf.d\n", all, ""},
		{"a folder of the machine", service + "      - /srv/sites:/etc/nginx/conf.d\n", all, ""},
		{"a folder that nobody can tell", service + "      - ${SITES}/sites:/etc/nginx/conf.d\n", all, ""},
		{"a volume by name", service + "      - sites:/etc/nginx/conf.d\n", all, ""},
		{"a table of a mount", service + "      - type: bind\n        source: ./sites\n        target: /etc/nginx/conf.d/\n", all, "sites/a.conf sites/b.conf"},
		{"a config", service + "    configs:\n      - source: more\n        target: /etc/nginx/conf.d/more.conf\nconfigs:\n  more: {file: ./snippets/proxy.conf}\n", all, "snippets/proxy.conf"},
		{"another service's", service + "  other:\n    image: nginx:1.27\n    volumes: ['./sites:/etc/nginx/conf.d']\n", all, ""},
		{"an image of one's own", "-- compose.yml --\nservices:\n  web:\n    image: example/nginx:3\n    volumes: [./conf/nginx.conf:/etc/nginx/nginx.conf, ./sites:/etc/nginx/conf.d]\n", all, "sites/a.conf sites/b.conf"},
		{"two that are the same", service + "      - ./sites:/etc/nginx/conf.d\n" + docker + "COPY sites /etc/nginx/conf.d\n", all, "sites/a.conf sites/b.conf"},
		{"two that are not", service + "      - ./sites:/etc/nginx/conf.d\n" + docker + "COPY snippets /etc/nginx/conf.d\n", all, "error: compose.yml:2 and Dockerfile:1 put different files there"},
		{"two of which one has nothing", service + "      - ./sites:/etc/nginx/conf.d\n" + docker, all, "sites/a.conf sites/b.conf"},

		{"a folder that is copied", docker + "COPY sites /etc/nginx/conf.d\n", all, "sites/a.conf sites/b.conf"},
		{"files by a pattern", docker + "COPY sites/[a]* /etc/nginx/conf.d/\n", all, "sites/a.conf"},
		{"a file into a folder", docker + "COPY sites/a.conf /etc/nginx/conf.d/\n", all, "sites/a.conf"},
		{"a file into a folder that is there", docker + "COPY sites/a.conf /etc/nginx/conf.d\n", all, "sites/a.conf"},
		{"a file under another name", docker + "COPY sites/a.conf /etc/nginx/conf.d/default.conf\n", "/etc/nginx/conf.d/default.conf", "sites/a.conf"},
		{"the later of two", docker + "COPY sites/a.conf /etc/nginx/conf.d/x.conf\nCOPY sites/b.conf /etc/nginx/conf.d/x.conf\n", all, "sites/b.conf"},
		{"all of it", "-- Dockerfile --\nFROM nginx\nWORKDIR /etc/nginx\nCOPY . .\n", "/etc/nginx/sites/*.conf", "sites/a.conf sites/b.conf"},
		{"from the stage before", "-- Dockerfile --\nFROM nginx AS base\nCOPY sites /etc/nginx/conf.d\nFROM base\nCOPY conf/nginx.conf /etc/nginx/\n", all, "sites/a.conf sites/b.conf"},
		{"from a stage beside", "-- Dockerfile --\nFROM node AS build\nCOPY . /src\nFROM nginx\nCOPY conf/nginx.conf /etc/nginx/\nCOPY --from=build /src/sites /etc/nginx/conf.d\n", all, "sites/a.conf sites/b.conf"},
		{"a stage beside", "-- Dockerfile --\nFROM nginx AS a\nCOPY conf/nginx.conf /etc/nginx/\nFROM nginx\nCOPY sites /etc/nginx/conf.d\n", all, ""},
		{"a mount over what is built", "-- compose.yml --\nservices:\n  web:\n    build: .\n    volumes: ['./snippets:/etc/nginx/conf.d']\n" + docker + "COPY sites /etc/nginx/conf.d\n", all, "snippets/proxy.conf"},
		{"a stage that is not the service's", "-- compose.yml --\nservices:\n  web:\n    build: {context: ., target: a}\n-- Dockerfile --\nFROM nginx AS a\nCOPY conf/nginx.conf /etc/nginx/\nFROM a AS b\nCOPY sites /etc/nginx/conf.d\n", all, "sites/a.conf sites/b.conf"},
		{"a main file that is mounted over", "-- compose.yml --\nservices:\n  web:\n    build: .\n    volumes: ['./sites/a.conf:/etc/nginx/nginx.conf']\n" + docker + "COPY sites /etc/nginx/conf.d\n", all, ""},

		{"templates", service + "      - ./templates:/etc/nginx/templates\n", all, "templates/a.conf.template templates/app.conf.template"},
		{"one template", service + "      - ./templates:/etc/nginx/templates\n", "/etc/nginx/conf.d/sub/x.conf", "templates/sub/x.conf.template"},
		{"templates for streams", service + "      - ./templates:/etc/nginx/templates\n", "/etc/nginx/stream-conf.d/*", "templates/tcp.conf.stream-template"},
		{"templates over what is there", service + "      - ./templates:/etc/nginx/templates:ro\n      - ./sites:/etc/nginx/conf.d\n", all, "templates/a.conf.template templates/app.conf.template sites/b.conf"},
		{"templates and what cannot be written", service + "      - ./templates:/etc/nginx/templates\n      - ./sites:/etc/nginx/conf.d:ro\n", all, "sites/a.conf sites/b.conf"},
		{"a template that is copied", docker + "COPY templates/app.conf.template /etc/nginx/templates/site.conf.template\n", "/etc/nginx/conf.d/site.conf", "templates/app.conf.template"},
		{"templates elsewhere", service + "      - ./templates:/t\n    environment:\n      NGINX_ENVSUBST_TEMPLATE_DIR: /t\n      NGINX_ENVSUBST_OUTPUT_DIR: /etc/nginx/http.d/\n", "/etc/nginx/http.d/app.conf", "templates/app.conf.template"},
		{"templates elsewhere, in an image", docker + "COPY templates /t\nENV NGINX_ENVSUBST_TEMPLATE_DIR=/t\n", all, "templates/a.conf.template templates/app.conf.template"},
		{"templates with another ending", service + "      - ./sites:/etc/nginx/templates\n    environment: [NGINX_ENVSUBST_TEMPLATE_SUFFIX=.conf]\n", "/etc/nginx/conf.d/*", "sites/a.conf sites/b.conf"},
		{"templates where nothing looks", service + "      - ./templates:/etc/nginx/template\n", all, ""},
		{"templates of an old image", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.18\n    volumes: [./conf/nginx.conf:/etc/nginx/nginx.conf, ./templates:/etc/nginx/templates]\n", all, ""},
		{"templates of another image", "-- compose.yml --\nservices:\n  web:\n    image: openresty/openresty\n    volumes: [./conf/nginx.conf:/etc/nginx/nginx.conf, ./templates:/etc/nginx/templates]\n", all, ""},

		{"two compose files", service + "-- compose.prod.yml --\nservices:\n  web:\n    volumes: ['./sites:/etc/nginx/conf.d']\n# nginx\n", all, "sites/a.conf sites/b.conf"},
		{"an addition to the first of three", "-- docker-compose.dev.yml --\nservices:\n  web:\n    image: nginx\n    volumes: ['./snippets:/etc/nginx/conf.d']\n" +
			"-- docker-compose.prod.yml --\nservices:\n  web:\n    volumes: ['./conf/nginx.conf:/etc/nginx/nginx.conf']\n" +
			"-- docker-compose.yml --\nservices:\n  web:\n    image: nginx\n    volumes: ['./sites:/etc/nginx/conf.d']\n", all, "sites/a.conf sites/b.conf"},
		{"an addition to another than the first", "-- docker-compose.base.yml --\nservices:\n  web:\n    image: nginx\n    volumes: ['./sites:/etc/nginx/conf.d']\n" +
			"-- docker-compose.yml --\nservices:\n  web:\n    volumes: ['./conf/nginx.conf:/etc/nginx/nginx.conf']\n# nginx\n", all, "sites/a.conf sites/b.conf"},
		{"the second of two", service + "      - ./snippets:/etc/nginx/conf.d\n-- compose.prod.yml --\nservices:\n  web:\n    volumes: ['./sites:/etc/nginx/conf.d']\n", all, "error: compose.prod.yml:2 and compose.yml:2 put different files there"},
		{"two compose files for two services", service + "-- compose.prod.yml --\nservices:\n  other:\n    volumes: ['./sites:/etc/nginx/conf.d']\n", all, ""},
		{"two compose files in two folders", service + "-- more/compose.prod.yml --\nservices:\n  web:\n    volumes: ['../sites:/etc/nginx/conf.d']\n", all, ""},
		{"two compose files, each with an image", service + "-- compose.prod.yml --\nservices:\n  web:\n    image: nginx\n    volumes: ['./sites:/etc/nginx/conf.d']\n", all, ""},
		{"nothing", "", all, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := repository(t, tt.files+conf)
			for range 2 { // the second answer is a memory
				if got := placesIn(t, new(Finder), top, "conf/nginx.conf", false, tt.include); got != tt.want {
					t.Errorf("Where(%q) = %q, want %q", tt.include, got, tt.want)
				}
			}
		})
	}
}

// A fragment's relative includes are relative to the folder of its image.
func TestWhereOfFragment(t *testing.T) {
	top := repository(t, "-- compose.yml --\nservices:\n  web:\n    image: nginx\n    volumes: [./app.conf:/etc/nginx/conf.d/app.conf, ./more:/etc/nginx/snippets, ./more:/etc/nginx/conf.d/near]\n"+
		"  other:\n    image: nginx\n    volumes: [./other.conf:/srv/x/app.conf, ./more:/srv/x/snippets]\n-- app.conf --\n-- other.conf --\n-- more/ws.conf --\n")
	var f Finder
	for _, tt := range []struct {
		main, include string
		fragment      bool
		want          string
	}{
		{"app.conf", "snippets/ws.conf", true, "more/ws.conf"},
		{"app.conf", "snippets/ws.conf", false, ""},
		{"app.conf", "near/ws.conf", true, ""},
		{"app.conf", "near/ws.conf", false, "more/ws.conf"},
		{"app.conf", "/etc/nginx/snippets/ws.conf", true, "more/ws.conf"},
		{"other.conf", "snippets/ws.conf", true, ""},
		{"other.conf", "/srv/x/snippets/ws.conf", true, "more/ws.conf"},
		{"more/ws.conf", "/etc/nginx/conf.d/*.conf", true, "app.conf"},
		{"none.conf", "/etc/nginx/conf.d/*.conf", true, ""},
	} {
		if got := placesIn(t, &f, top, tt.main, tt.fragment, tt.include); got != tt.want {
			t.Errorf("Where(%q, %v, %q) = %q, want %q", tt.main, tt.fragment, tt.include, got, tt.want)
		}
	}
}

// The answer has the names of folders that were asked with, a link leads to the main
// file as its own name does, and there is none without a repository.
func TestWhereLinks(t *testing.T) {
	top := repository(t, "-- Dockerfile --\nFROM nginx\nCOPY real/nginx.conf /etc/nginx/\nCOPY sites /etc/nginx/conf.d\n-- real/nginx.conf --\n-- sites/a.conf --\n")
	alias := filepath.Join(t.TempDir(), "alias")
	for name, to := range map[string]string{alias: top, filepath.Join(top, "nginx.conf"): filepath.Join("real", "nginx.conf")} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{top, alias} {
		for _, main := range []string{"nginx.conf", "real/nginx.conf"} {
			if got := placesIn(t, new(Finder), from, main, false, "/etc/nginx/conf.d/*"); got != "sites/a.conf" {
				t.Errorf("%s from %s: %q", main, from, got)
			}
		}
	}
	if err := os.Remove(filepath.Join(top, ".git")); err != nil {
		t.Fatal(err)
	}
	if got := placesIn(t, new(Finder), top, "real/nginx.conf", false, "/etc/nginx/conf.d/*"); got != "" {
		t.Errorf("without .git: %q", got)
	}
}

// What takes long to work out is not worked out to its end.
func TestWhereBounds(t *testing.T) {
	many := "FROM nginx AS a\n" + strings.Repeat("FROM a AS a\nCOPY sites /etc/nginx/conf.d/\n", 8000)
	for name, files := range map[string]string{
		"stages":      "-- Dockerfile --\n" + many,
		"ends":        "-- Dockerfile --\n" + many + strings.Repeat("FROM a\nCOPY nginx.conf /etc/nginx/\n", 8000),
		"copies":      "-- Dockerfile --\nFROM nginx\nCOPY nginx.conf /etc/nginx/\n" + strings.Repeat("COPY sites/a.conf /b\n", 13000),
		"main copies": "-- Dockerfile --\nFROM nginx\n" + strings.Repeat("COPY nginx.conf /b\n", 13000) + "COPY sites /etc/nginx/conf.d/a/\n",
		"values":      "-- Dockerfile --\nFROM nginx\nENV A=" + strings.Repeat("x", 4000) + "\nCOPY " + strings.Repeat("$A ", 80000) + "/etc/nginx/\n",
		"mounts":      "-- compose.yml --\nservices:\n  web:\n    image: nginx\n    volumes:\n" + strings.Repeat("    - ./sites:/etc/nginx/conf.d/a\n", 5000) + "    - ./nginx.conf:/etc/nginx/nginx.conf\n",
	} {
		start := time.Now()
		top := repository(t, files+"-- nginx.conf --\n-- sites/a.conf --\n")
		got := placesIn(t, new(Finder), top, "nginx.conf", false, "/etc/nginx/*/*/*.conf")
		if got != "" && got != "sites/a.conf" {
			t.Errorf("%s: %q", name, got)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// A repository with very many services has the same answers for one of them as for all:
// what one question costs does not grow with the number of services.
func TestWhereOfMany(t *testing.T) {
	const services = 1200
	var files strings.Builder
	for i := range services {
		fmt.Fprintf(&files, "-- s%d/Dockerfile --\nFROM nginx\nCOPY nginx.conf /etc/nginx/\nCOPY a.conf /etc/nginx/conf.d/\n%s-- s%d/nginx.conf --\n-- s%d/a.conf --\n",
			i, strings.Repeat("COPY page.html /srv/\n", 10), i, i)
	}
	top := repository(t, files.String())
	var f Finder
	for i := range services {
		main, want := fmt.Sprintf("s%d/nginx.conf", i), fmt.Sprintf("s%d/a.conf", i)
		if got := placesIn(t, &f, top, main, false, "/etc/nginx/conf.d/*.conf"); got != want {
			t.Fatalf("%s: %q, want %q", main, got, want)
		}
	}
}
