package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// repository writes the files of a txtar archive below a folder with a .git.
func repository(t testing.TB, files string) string {
	t.Helper()
	top := t.TempDir()
	if err := os.Mkdir(filepath.Join(top, ".git"), 0o777); err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse([]byte(files))
	if len(archive.Files) == 0 {
		t.Fatalf("no files in %q", files)
	}
	for _, f := range archive.Files {
		path := filepath.Join(top, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return top
}

// described returns a pin as "1.27.3 Dockerfile:1", "" for none.
func described(p *Pin, top string) string {
	if p == nil {
		return ""
	}
	rel, _ := filepath.Rel(top, p.File)
	if p.Floats() {
		return fmt.Sprintf("%s %s:%d", strings.TrimPrefix(p.Name, "image "), filepath.ToSlash(rel), p.Line)
	}
	return fmt.Sprintf("%s %s:%d", p.Version, filepath.ToSlash(rel), p.Line)
}

func TestOf(t *testing.T) {
	const conf = "-- nginx.conf --\n-- app/nginx.conf --\n-- conf.d/a.conf --\n"
	for _, tt := range []struct {
		name, files, path, want string
	}{
		{"a Dockerfile's file", "-- Dockerfile --\nFROM nginx:1.27.3-alpine\nCOPY nginx.conf /etc/nginx/nginx.conf\n", "nginx.conf", "1.27.3 Dockerfile:1"},
		{"another file", "-- Dockerfile --\nFROM nginx:1.27.3-alpine\nCOPY nginx.conf /etc/nginx/nginx.conf\n", "conf.d/a.conf", ""},
		{"the same name elsewhere", "-- Dockerfile --\nFROM nginx:1.27.3-alpine\nCOPY nginx.conf /etc/nginx/nginx.conf\n", "app/nginx.conf", ""},
		{"a folder", "-- Dockerfile --\nFROM nginx:1.17\nADD conf.d /etc/nginx/conf.d\n", "conf.d/a.conf", "1.17 Dockerfile:1"},
		{"all of it to be served", "-- Dockerfile --\nFROM nginx:1.17\nCOPY . /usr/share/nginx/html\n", "nginx.conf", ""},
		{"all of it as configuration", "-- Dockerfile --\nFROM nginx:1.17\nWORKDIR /etc/nginx\nCOPY . .\n", "conf.d/a.conf", "1.17 Dockerfile:1"},
		{"a tree from the top", "-- Dockerfile --\nFROM nginx:1.17\nCOPY app/root /\n-- app/root/etc/nginx/nginx.conf --\n", "app/root/etc/nginx/nginx.conf", "1.17 Dockerfile:1"},
		{"a file that a script moves", "-- Dockerfile --\nFROM nginx:1.17\nCOPY nginx.conf /tmp/\n", "nginx.conf", "1.17 Dockerfile:1"},
		{"a pattern", "-- Dockerfile --\nFROM nginx:1.17\nCOPY conf.d/*.conf /etc/nginx/conf.d/\n", "conf.d/a.conf", "1.17 Dockerfile:1"},
		{"a pattern of what is served", "-- Dockerfile --\nFROM nginx:1.17\nCOPY * /var/www/\n", "nginx.conf", ""},
		{"several files", "-- Dockerfile --\nFROM nginx:1.17\nCOPY --chown=nginx:nginx [\"nginx.conf\", \"conf.d/a.conf\", \"/etc/nginx/\"]\n", "conf.d/a.conf", "1.17 Dockerfile:1"},
		{"the context above", "-- docker/web/Dockerfile.prod --\nFROM nginx:1.17\nCOPY app/nginx.conf /etc/nginx/nginx.conf\n", "app/nginx.conf", "1.17 docker/web/Dockerfile.prod:1"},
		{"the nearer context", "-- app/Dockerfile --\nFROM nginx:1.17\nCOPY nginx.conf /etc/nginx/nginx.conf\n", "nginx.conf", ""},

		{"a role's default", "-- roles/web/defaults/main.yml --\n---\n# the package\nnginx_version: 1.11.8\n-- roles/web/templates/etc/site.conf.j2 --\n", "roles/web/templates/etc/site.conf.j2", "1.11.8 roles/web/defaults/main.yml:3"},
		{"a role's files", "-- defaults/main.yaml --\nnginx_version: '1.20-alpine'\n-- files/nginx.conf --\n", "files/nginx.conf", "1.20 defaults/main.yaml:1"},
		{"a role's variable wins over its default", "-- r/defaults/main.yml --\nnginx_version: 1.11.8\n-- r/vars/main.yml --\nnginx_version: \"1.28.0-1~{{ ansible_distribution_release }}\"\n-- r/templates/a.conf --\n", "r/templates/a.conf", "1.28 r/vars/main.yml:1"},
		{"another role's default", "-- r/defaults/main.yml --\nnginx_version: 1.11.8\n-- s/templates/a.conf --\n", "s/templates/a.conf", ""},
		{"a role's variable of another's", "-- r/defaults/main.yml --\nnginx_exporter_version: 1.11.8\nnginx: {nginx_version: 1.11.8}\n-- r/templates/a.conf --\n", "r/templates/a.conf", ""},
		{"a role's newest", "-- r/defaults/main.yml --\nnginx_version: \"{{ newest }}\"\n-- r/templates/a.conf --\n", "r/templates/a.conf", ""},
		{"a role and an image", "-- r/defaults/main.yml --\nnginx_version: 1.28.0\n-- r/templates/a.conf --\n-- Dockerfile --\nFROM nginx:1.19\nCOPY r/templates /etc/nginx/\n", "r/templates/a.conf", "1.19 Dockerfile:1"},

		{"a ConfigMap and what mounts it", "-- k8s/a.yaml --\nkind: ConfigMap\nmetadata:\n  labels:\n    name: c\n  name: \"web\"\ndata:\n  a.conf: |\n    x;\n-- k8s/b.yml --\nkind: Service\nmetadata:\n  name: web\n---\nkind: Deployment\nspec:\n  containers:\n  - name: a\n    image: node:22\n  - image: 'nginx:1.31.1-alpine' # pinned\n  volumes:\n  - configMap:\n      defaultMode: 420\n      name: web\n", "k8s/a.yaml", "1.31.1 k8s/b.yml:10"},
		{"one that nothing mounts", "-- k8s/a.yaml --\nkind: ConfigMap\nmetadata:\n  name: web\n---\nkind: Deployment\nspec:\n  containers:\n  - image: nginx:1.31.1\n  volumes:\n  - configMap:\n      name: other\n", "k8s/a.yaml", ""},
		{"one of that name in another folder", "-- a/a.yaml --\nkind: ConfigMap\nmetadata:\n  name: web\n-- b/b.yaml --\nkind: Deployment\nspec:\n  containers:\n  - image: nginx:1.31.1\n  volumes:\n  - configMap:\n      name: web\n", "a/a.yaml", ""},
		{"one of that name in another namespace", "-- a.yaml --\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: a\n---\nkind: Deployment\nmetadata:\n  namespace: a\nspec:\n  containers:\n  - image: nginx:1.31.1\n  volumes:\n  - configMap:\n      name: web\n" +
			"-- b.yaml --\nkind: ConfigMap\nmetadata:\n  namespace: b\n  name: web\n---\nkind: Deployment\nmetadata:\n  namespace: b\nspec:\n  containers:\n  - image: nginx:1.14\n  volumes:\n  - configMap:\n      name: web\n", "a.yaml", "1.31.1 a.yaml:11"},
		{"a namespace that nobody says", "-- a.yaml --\nkind: ConfigMap\nmetadata:\n  name: web\n---\nkind: Deployment\nmetadata:\n  namespace: a\nspec:\n  containers:\n  - image: nginx:1.31.1\n  volumes:\n  - configMap:\n      name: web\n", "a.yaml", "1.31.1 a.yaml:10"},
		{"a workload of another document", "-- a.yaml --\nkind: ConfigMap\nmetadata:\n  name: web\n---\nkind: Deployment\nspec:\n  containers:\n  - image: nginx:1.31.1\n---\nkind: Deployment\nspec:\n  containers:\n  - image: node:22\n  volumes:\n  - configMap:\n      name: web\n", "a.yaml", ""},
		{"a chart", "-- values.yaml --\nnginx:\n  image: {repository: docker.io/library/nginx, tag: 1.17.1}\n-- templates/a.yaml --\nkind: ConfigMap\nmetadata:\n  name: {{ include \"x\" . }}-nginx\n{{- if .Values.a }}\ndata:\n-- templates/b.yaml --\nkind: Deployment\nspec:\n      containers:\n        - image: \"{{ .Values.nginx.image.repository }}:{{ .Values.nginx.image.tag | default \"1.19\" }}\"\n      volumes:\n        - configMap:\n            {{- if .Values.b }}\n            name: {{- include  \"x\" . -}}-nginx\n", "templates/a.yaml", "1.17.1 templates/b.yaml:4"},
		{"a chart's default", "-- values.yaml --\nnginx:\n  tag: \"\"\n-- templates/a.yaml --\nkind: ConfigMap\nmetadata:\n  name: a\n---\nkind: Deployment\nspec:\n  image: nginx:{{ .Values.nginx.tag | default \"1.19\" }}\n  volumes:\n    configMap:\n      name: a\n", "templates/a.yaml", "1.19 templates/a.yaml:7"},
		{"a chart's unknown tag", "-- templates/a.yaml --\nkind: ConfigMap\nmetadata:\n  name: a\n---\nkind: Deployment\nspec:\n  image: nginx:{{ .Chart.AppVersion }}\n  volumes:\n    configMap:\n      name: a\n", "templates/a.yaml", ""},
		{"written where it is mounted", "-- compose.yaml --\nservices:\n  web:\n    image: nginx:1.29.2\n    volumes:\n    - type: bind\n      source: ./a.conf\n      target: /etc/nginx/conf.d/a.conf\n      content: |\n        x;\n", "compose.yaml", "1.29.2 compose.yaml:3"},
		{"a config's content", "-- compose.yaml --\nservices:\n  web:\n    image: nginx:1.29.2\n    configs:\n    - source: c\n      target: /etc/nginx/conf.d/a.conf\nconfigs:\n  c:\n    content: |\n      x;\n", "compose.yaml", "1.29.2 compose.yaml:3"},

		{"no number", "-- Dockerfile --\nFROM nginx:stable-alpine\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "nginx:stable-alpine Dockerfile:1"},
		{"no tag", "-- Dockerfile --\nFROM nginx\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "nginx Dockerfile:1"},
		{"one number", "-- Dockerfile --\nFROM nginx:1-alpine3.20-slim\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "nginx:1-alpine3.20-slim Dockerfile:1"},
		{"a number comes first", "-- Dockerfile --\nFROM nginx\nCOPY nginx.conf /x\nFROM nginx:1.31.1\nCOPY nginx.conf /x\nFROM nginx:latest\nCOPY nginx.conf /x\n", "nginx.conf", "1.31.1 Dockerfile:3"},
		{"some other tag", "-- Dockerfile --\nFROM nginx:quic\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"another first number", "-- Dockerfile --\nFROM nginx:69\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"a digest", "-- Dockerfile --\nFROM nginx@sha256:0123\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"somebody's own numbers", "-- Dockerfile --\nFROM example/nginx:1.17.0\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"another program", "-- Dockerfile --\nFROM nginx/nginx-prometheus-exporter:1.4\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"a mirror", "-- Dockerfile --\nFROM --platform=linux/amd64 registry.example.com:5000/library/nginx:1.31.1-alpine@sha256:00 AS web\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "1.31.1 Dockerfile:1"},
		{"OpenResty", "-- Dockerfile --\nFROM openresty/openresty:1.21.4.1-alpine\nCOPY nginx.conf /usr/local/openresty/nginx/conf/\n", "nginx.conf", "1.21.4 Dockerfile:1"},

		{"an argument", "-- Dockerfile --\nARG NGINX_VERSION=1.19\n# the server\nFROM nginx:${NGINX_VERSION}-alpine\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "1.19 Dockerfile:3"},
		{"an argument's default", "-- Dockerfile --\nFROM nginx:${V:-1.19}\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"an argument nobody gives", "-- Dockerfile --\nARG V\nFROM nginx:${V}\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"variables in a stage", "-- Dockerfile --\nARG DIR=conf.d\nFROM nginx:1.19\nARG DIR\nENV TO=/etc/nginx OTHER=x\nCOPY $DIR ${TO}/conf.d\n", "conf.d/a.conf", "1.19 Dockerfile:2"},

		{"another stage's file", "-- Dockerfile --\nFROM nginx:1.19 AS web\nFROM node:22\nCOPY nginx.conf /app/\n", "nginx.conf", ""},
		{"a stage upon a stage", "-- Dockerfile --\nFROM nginx:1.19 AS Base\nWORKDIR /etc/nginx\nFROM base\nCOPY nginx.conf .\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"out of a stage", "-- Dockerfile --\nFROM node:22 AS build\nWORKDIR /app\nCOPY . .\nFROM nginx:1.19\nCOPY --from=build /app/nginx.conf /etc/nginx/\n", "nginx.conf", "1.19 Dockerfile:4"},
		{"out of a stage of a stage", "-- Dockerfile --\nFROM node:22 AS a\nCOPY conf.d/*.conf /c/\nFROM a AS b\nCOPY --from=a /c /d\nFROM nginx:1.19\nCOPY --from=b /d/a.conf /etc/nginx/\n", "conf.d/a.conf", "1.19 Dockerfile:5"},
		{"out of a stage by its number", "-- Dockerfile --\nFROM node:22\nCOPY nginx.conf /c/\nFROM nginx:1.19\nCOPY --from=0 /c/nginx.conf /etc/nginx/\n", "nginx.conf", "1.19 Dockerfile:3"},
		{"out of no stage by its number", "-- Dockerfile --\nFROM node:22\nCOPY nginx.conf /c/\nFROM nginx:1.19\nCOPY --from=1 /c/nginx.conf /etc/nginx/\nCOPY --from=-1 /c/nginx.conf /etc/nginx/\nCOPY --from=99999999999999999999 /c/nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"what a stage built", "-- Dockerfile --\nFROM node:22 AS build\nCOPY . /app\nFROM nginx:1.19\nCOPY --from=build /app/dist /usr/share/nginx/html\n", "nginx.conf", ""},
		{"out of an image", "-- Dockerfile --\nFROM nginx:1.19\nCOPY --from=example/conf nginx.conf /etc/nginx/\n", "nginx.conf", ""},

		{"lines that go on", "-- Dockerfile --\nFROM nginx:1.19\nRUN a \\\n  # FROM nginx:1.2\n\n  b\nCOPY nginx.conf \\\n  /etc/nginx/\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"another escape", "-- Dockerfile --\n# escape=`\nFROM nginx:1.19\nCOPY nginx.conf `\n  /etc/nginx/\n", "nginx.conf", "1.19 Dockerfile:2"},
		{"text that is written", "-- Dockerfile --\nFROM nginx:1.19\nCOPY <<EOF /etc/nginx/conf.d/x.conf\nCOPY nginx.conf /etc/nginx/\nEOF\nCOPY conf.d/a.conf /x\n", "nginx.conf", ""},
		{"after text that is written", "-- Dockerfile --\nFROM nginx:1.19\nRUN <<EOF\nFROM node\nEOF\nCOPY conf.d/a.conf /x\n", "conf.d/a.conf", "1.19 Dockerfile:1"},
		{"the oldest", "-- Dockerfile --\nFROM nginx:1.27\nCOPY nginx.conf /x\n-- Dockerfile.old --\nFROM nginx:1.9.4\nCOPY nginx.conf /x\n-- z.Dockerfile --\nFROM nginx:1.28.0\nCOPY nginx.conf /x\n", "nginx.conf", "1.9.4 Dockerfile.old:1"},
		{"not a Dockerfile", "-- Dockerfile.md --\nFROM nginx:1.27\nCOPY nginx.conf /x\n-- Dockerfile.dockerignore --\nFROM nginx:1.27\nCOPY nginx.conf /x\n", "nginx.conf", ""},
		{"other people's", "-- node_modules/x/Dockerfile --\nFROM nginx:1.27\nCOPY nginx.conf /x\n", "nginx.conf", ""},

		{"a mount", "-- compose.yaml --\nservices:\n  web:\n    image: \"nginx:1.25.3\"\n    volumes:\n      - ./nginx.conf:/etc/nginx/nginx.conf:ro\n", "nginx.conf", "1.25.3 compose.yaml:3"},
		{"a mount in a stack", "-- deploy/stack.yml --\nservices:\n  web:\n    image: nginx:1.25.3\n    volumes: ['../nginx.conf:/etc/nginx/nginx.conf']\n", "nginx.conf", "1.25.3 deploy/stack.yml:3"},
		{"a pod", "-- pod.yaml --\nspec:\n  containers:\n  - image: nginx:1.25.3\n    volumeMounts: []\n  volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n", "nginx.conf", ""},
		{"a mount of another service", "-- compose.yaml --\nservices:\n  web:\n    image: nginx:1.25\n  other:\n    image: caddy:2.1\n    volumes: ['./nginx.conf:/x']\n", "nginx.conf", ""},
		{"a folder that is mounted", "-- app/docker-compose.prod.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes:\n      - type: bind\n        source: ../conf.d\n        target: /etc/nginx/conf.d\n", "conf.d/a.conf", "1.25 app/docker-compose.prod.yml:3"},
		{"a folder for scripts", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes:\n      - ./conf.d:/nginx-templates\n", "conf.d/a.conf", "1.25 compose.yml:3"},
		{"a folder that is served", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes:\n      - .:/var/www\n", "nginx.conf", ""},
		{"a volume by name", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes:\n      - conf.d:/etc/nginx/conf.d\nvolumes:\n  conf.d:\n", "conf.d/a.conf", ""},
		{"a config", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    configs: [site]\n  other:\n    image: nginx:1.9\n    configs:\n      - source: more\n        target: /x\nconfigs:\n  site: {file: ./nginx.conf}\n  more: {file: ./app/nginx.conf}\n", "nginx.conf", "1.25 compose.yml:3"},
		{"the first version", "-- docker-compose.yml --\nweb:\n  image: nginx:1.9\n  volumes:\n    - ./nginx.conf:/etc/nginx/nginx.conf\n", "nginx.conf", "1.9 docker-compose.yml:2"},
		{"merged keys", "-- compose.yml --\nx-a: &a\n  restart: always\nx-web: &web\n  <<: [*a]\n  image: nginx:1.25\n  restart: never\nservices:\n  web:\n    <<: *web\n    restart: always\n    volumes: &v\n      - $PWD/nginx.conf:/etc/nginx/nginx.conf\n", "nginx.conf", "1.25 compose.yml:5"},
		{"a variable's default", "-- compose.yml --\nservices:\n  web:\n    image: ${REGISTRY:-docker.io}/library/nginx:${V:-1.22}\n    volumes: ['${CONF:-./nginx.conf}:/etc/nginx/nginx.conf']\n", "nginx.conf", "1.22 compose.yml:3"},
		{"a variable from elsewhere", "-- compose.yml --\nservices:\n  web:\n    image: nginx:${V}\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n", "nginx.conf", ""},
		{"a variable of .env", "-- compose.yml --\nservices:\n  web:\n    image: nginx:${TAG}\n    volumes: ['$CONF:/etc/nginx/nginx.conf']\n-- .env --\n# TAG=1.1\nexport TAG=\"1.22.1-alpine\" # the server\nCONF = ./nginx.conf\n", "nginx.conf", "1.22.1 compose.yml:3"},
		{"a variable of another .env", "-- compose.yml --\nservices:\n  web:\n    image: nginx:${TAG}\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n-- app/.env --\nTAG=1.22\n", "nginx.conf", ""},
		{"not YAML", "-- compose.yml --\nservices:\n{% if web %}\n  web: {image: nginx:1.25, volumes: ['./nginx.conf:/x']\n", "nginx.conf", ""},
		{"aliases without end", "-- compose.yml --\nservices:\n  web: &a\n    <<: *a\n    image: *b\n    volumes: ['./nginx.conf:/x']\nb: &b *b\n", "nginx.conf", ""},

		{"merges without end", "-- compose.yml --\nx: &a\n  y: &b {<<: [*a, *a, *a]}\n  <<: [*a, *b, *a, *b]\nservices:\n  web:\n    <<: [*a, *b]\n    volumes: ['./nginx.conf:/x']\n", "nginx.conf", ""},

		{"what is built", "-- compose.yml --\nservices:\n  web:\n    image: example/web:1.0\n    build: ./app\n    volumes: ['./conf.d:/etc/nginx/conf.d']\n-- app/Dockerfile --\nFROM nginx:1.21\n", "conf.d/a.conf", "1.21 app/Dockerfile:1"},
		{"an image that is built", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.0\n    build: {context: ., target: Dev}\n    volumes: ['./conf.d:/etc/nginx/conf.d']\n-- Dockerfile --\nFROM nginx:1.21 AS dev\nFROM nginx:1.9\n", "conf.d/a.conf", "1.21 Dockerfile:1"},
		{"arguments of a build", "-- compose.yml --\nservices:\n  web:\n    build:\n      context: app\n      dockerfile: ../Dockerfile\n      args: [V=1.21, W]\n-- Dockerfile --\nARG V=1.9\nFROM nginx:$V\nCOPY nginx.conf /etc/nginx/\n", "app/nginx.conf", "1.21 Dockerfile:2"},
		{"a context that is known", "-- compose.yml --\nservices:\n  web:\n    build:\n      context: app\n      dockerfile: ../Dockerfile\n-- Dockerfile --\nFROM nginx:1.21\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"a Dockerfile that is not there", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.21\n    build: ../../elsewhere\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n", "nginx.conf", ""},

		{"tabs", "-- Dockerfile --\nFROM\tnginx:1.19\nCOPY\t--chown=a\t--chmod=644\tnginx.conf\t/etc/nginx/\nFROM\tnode:22\nCOPY\tapp/nginx.conf\t/x\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"another stage after tabs", "-- Dockerfile --\nFROM\tnginx:1.19\nCOPY\tnginx.conf\t/etc/nginx/\nFROM\tnode:22\nCOPY\tapp/nginx.conf\t/x\n", "app/nginx.conf", ""},
		{"a shift is no text that is written", "-- Dockerfile --\nFROM nginx:1.19\nRUN echo $((1<<2)) && cat <<<EOF\nCOPY nginx.conf /x\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"text that is written to a pipe", "-- Dockerfile --\nFROM nginx:1.19\nRUN cat <<-'EOF'|sh\nCOPY nginx.conf /x\nEOF\n", "nginx.conf", ""},
		{"CRLF and a mark", "-- Dockerfile --\n\ufeffFROM nginx:1.19\r\nCOPY \\\r\n  nginx.conf /x\r\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"a folder that nobody can tell", "-- Dockerfile --\nFROM nginx:1.19\nARG DIR\nCOPY $DIR/nginx.conf /etc/nginx/\nCOPY ${DIR} /etc/nginx/\n", "nginx.conf", ""},
		{"a folder that nobody can tell, besides", "-- Dockerfile --\nFROM nginx:1.19\nARG TO\nCOPY $DIR/a.conf nginx.conf $TO\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"above the context", "-- Dockerfile --\nFROM nginx:1.19\nCOPY ../../nginx.conf /etc/nginx/\n", "nginx.conf", "1.19 Dockerfile:1"},
		{"above a nearer context", "-- app/Dockerfile --\nFROM nginx:1.19\nCOPY ../nginx.conf /etc/nginx/\n", "nginx.conf", ""},
		{"a pattern above the context", "-- Dockerfile --\nFROM nginx:1.19\nCOPY ../conf.d/?.conf /etc/nginx/\n", "conf.d/a.conf", "1.19 Dockerfile:1"},
		{"variables that double", "-- Dockerfile --\nFROM nginx:1.19\nENV A=xxxxxxxxxx\n" + strings.Repeat("ENV A=$A$A\n", 64) + "COPY $A/nginx.conf $A/nginx.conf\n", "nginx.conf", ""},
		{"a number of one's own", "-- Dockerfile --\nFROM registry.example.com/nginx:1.0.3\nCOPY nginx.conf /x\n", "nginx.conf", ""},
		{"the oldest image", "-- Dockerfile --\nFROM registry.example.com/nginx:1.7.1\nCOPY nginx.conf /x\n", "nginx.conf", "1.7.1 Dockerfile:1"},
		{"a repository in the repository", "-- lib/.git --\ngitdir: ../.git/modules/lib\n-- lib/Dockerfile --\nFROM nginx:1.19\nCOPY nginx.conf /x\n", "nginx.conf", ""},
		{"a build of a repository in the repository", "-- lib/.git --\ngitdir: ../.git/modules/lib\n-- lib/Dockerfile --\nFROM nginx:1.19\n-- compose.yml --\nservices:\n  web:\n    build: lib\n    volumes: [./nginx.conf:/x]\n", "nginx.conf", "1.19 lib/Dockerfile:1"},

		{"a sample below", "-- Dockerfile --\nFROM nginx:1.29\nCOPY nginx.conf /etc/nginx/\n-- examples/Dockerfile --\nFROM nginx:1.14\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "1.29 Dockerfile:1"},
		{"a sample below one without a number", "-- Dockerfile --\nFROM nginx\nCOPY nginx.conf /etc/nginx/\n-- examples/Dockerfile --\nFROM nginx:1.14\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "nginx Dockerfile:1"},
		{"one below alone", "-- docker/Dockerfile --\nFROM nginx:1.14\nCOPY nginx.conf /etc/nginx/\n", "nginx.conf", "1.14 docker/Dockerfile:1"},
		{"one below whose context compose says", "-- Dockerfile --\nFROM nginx:1.29\nCOPY nginx.conf /etc/nginx/\n-- docker/Dockerfile --\nFROM nginx:1.14\nCOPY nginx.conf /etc/nginx/\n-- compose.yml --\nservices:\n  old:\n    build: {context: ., dockerfile: docker/Dockerfile}\n", "nginx.conf", "1.14 docker/Dockerfile:1"},

		{"a mount on Windows", "-- app/compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes: ['..\\conf.d\\a.conf:/x']\n", "conf.d/a.conf", "1.25 app/compose.yml:3"},
		{"a drive of Windows", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes: ['C:\\nginx.conf:/x', 'c:/nginx.conf:/x', '\\nginx.conf:/x']\n", "nginx.conf", ""},
		{"a mount that nobody can tell", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes: ['./${DIR}/nginx.conf:/x']\n", "nginx.conf", ""},
		{"a mount to where nobody can tell", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes: ['./nginx.conf:${TO}:${MODE}']\n", "nginx.conf", "1.25 compose.yml:3"},
		{"a variable that must be there", "-- compose.yml --\nservices:\n  web:\n    image: nginx:${TAG:?say which}\n    volumes: ['${CONF?}:/x']\n-- .env --\nTAG=1.25\nCONF=./nginx.conf\n", "nginx.conf", "1.25 compose.yml:3"},
		{"a variable that must be there and is not", "-- compose.yml --\nservices:\n  web:\n    image: nginx:${TAG:?1.25}\n    volumes: ['./nginx.conf:/x']\n", "nginx.conf", ""},
		{"a Dockerfile in the compose file", "-- compose.yml --\nservices:\n  web:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM nginx:1.30\n    volumes: ['./nginx.conf:/x']\n-- Dockerfile --\nFROM nginx:1.19\n", "nginx.conf", ""},
		{"brackets without end", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes: ['./nginx.conf:/x']\n    x: " + strings.Repeat("[", 100_000) + "\n", "nginx.conf", ""},
		{"brackets", "-- compose.yml --\nservices:\n  web:\n    image: nginx:1.25\n    volumes: ['./nginx.conf:/x']\n    x: " + strings.Repeat("[", 50) + strings.Repeat("]", 50) + "\n", "nginx.conf", "1.25 compose.yml:3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := repository(t, tt.files+conf)
			var f Finder
			if got := described(f.Of(filepath.Join(top, filepath.FromSlash(tt.path))), top); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A folder without .git is no repository, and nothing above a repository is read.
func TestRepository(t *testing.T) {
	const files = "-- Dockerfile --\nFROM nginx:1.17\nCOPY sub /etc/nginx\n-- sub/nginx.conf --\n"
	top := repository(t, files)
	conf := filepath.Join(top, "sub", "nginx.conf")
	if got := described(new(Finder).Of(conf), top); got != "1.17 Dockerfile:1" {
		t.Errorf("in the repository: %q", got)
	}
	if err := os.Mkdir(filepath.Join(top, "sub", ".git"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got := new(Finder).Of(conf); got != nil {
		t.Errorf("in a repository of its own: %+v", got)
	}
	for _, git := range []string{"sub/.git", ".git"} {
		if err := os.Remove(filepath.Join(top, filepath.FromSlash(git))); err != nil {
			t.Fatal(err)
		}
	}
	if got := new(Finder).Of(conf); got != nil {
		t.Errorf("without .git: %+v", got)
	}
}

// A file has one verdict by whichever of its names it is given, and links that lead
// out of the repository are not followed.
func TestLinks(t *testing.T) {
	outside := repository(t, "-- Dockerfile --\nFROM nginx:1.17\nCOPY nginx.conf /x\n-- nginx.conf --\n-- .env --\nTAG=1.17\n")
	top := repository(t, "-- Dockerfile --\nFROM nginx:1.19\nCOPY conf sites-enabled nginx.conf /etc/nginx/\n-- real/a.conf --\n-- sites/on.conf --\n-- sites/off.conf --\n-- sites-enabled/.keep --\n-- nginx.conf --\n"+
		"-- sub/nginx.conf --\n-- sub/compose.yml --\nservices:\n  a: {build: ./out, volumes: [./nginx.conf:/x]}\n  b: {image: 'nginx:${TAG}', volumes: [./nginx.conf:/x]}\n")
	alias := filepath.Join(t.TempDir(), "alias")
	for name, to := range map[string]string{
		alias:                          top,
		top + "/conf":                  "real",
		top + "/sites-enabled/on.conf": "../sites/on.conf",
		top + "/round":                 ".",
		top + "/sub/out":               outside,
		top + "/sub/.env":              filepath.Join(outside, ".env"),
		top + "/sub/theirs.conf":       filepath.Join(outside, "nginx.conf"),
	} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.FromSlash(name)); err != nil {
			t.Fatal(err)
		}
	}
	real, err := filepath.EvalSymlinks(top)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"nginx.conf": "1.19 Dockerfile:1", "round/nginx.conf": "1.19 Dockerfile:1", "round/round/real/a.conf": "1.19 Dockerfile:1",
		"conf/a.conf": "1.19 Dockerfile:1", "real/a.conf": "1.19 Dockerfile:1", "real/not-yet.conf": "1.19 Dockerfile:1",
		"sites-enabled/on.conf": "1.19 Dockerfile:1", "sites/on.conf": "1.19 Dockerfile:1",
		"sites/off.conf": "", "sub/nginx.conf": "", "sub/theirs.conf": "", "sites/not-yet.conf": "",
	} {
		for _, from := range []string{top, alias, top + "/sites/.."} {
			if got := described(new(Finder).Of(from+string(filepath.Separator)+filepath.FromSlash(name)), real); got != want {
				t.Errorf("%s from %s: got %q, want %q", name, from, got, want)
			}
		}
	}
}

// What takes long to read is not read to its end.
func TestBounds(t *testing.T) {
	var args strings.Builder
	for i := range 12_000 {
		fmt.Fprintf(&args, "ARG A%d=$A%d\n", i, i-1)
	}
	for name, src := range map[string]string{
		"arguments": args.String() + "FROM nginx:1.19\nCOPY nginx.conf /x\n",
		"stages":    "FROM nginx:1.19 AS a\n" + strings.Repeat("FROM a AS a\n", 15_000) + "COPY nginx.conf /x\n",
		"copies":    "FROM nginx:1.19\nCOPY nginx.conf /x\nFROM node AS a\n" + strings.Repeat("COPY f /d/\n", 5000) + "FROM nginx\n" + strings.Repeat("COPY --from=a /d/x /x\n", 5000),
		"patterns":  "FROM nginx:1.19\nCOPY nginx.conf /x\n" + strings.Repeat("COPY */*/* /x\n", 10_000),
	} {
		start := time.Now()
		top := repository(t, "-- Dockerfile --\n"+src+"-- nginx.conf --\n-- a/b/c --\n")
		if got := new(Finder).Of(filepath.Join(top, "nginx.conf")); got == nil || got.Version.Minor != 19 {
			t.Errorf("%s: %+v", name, got)
		}
		if took := time.Since(start); took > 20*time.Second { // it was minutes
			t.Errorf("%s: %v", name, took)
		}
	}
}

// Of several files the oldest nginx counts, and those without one do not.
func TestOfSeveral(t *testing.T) {
	top := repository(t, "-- Dockerfile --\nFROM nginx:1.27\nCOPY a.conf /etc/nginx/\nFROM nginx:1.25.5\nCOPY b.conf /etc/nginx/\n-- a.conf --\n-- b.conf --\n-- c.conf --\n")
	at := func(name string) string { return filepath.Join(top, name) }
	var f Finder
	if got := described(f.Of(at("c.conf"), at("a.conf"), at("b.conf")), top); got != "1.25.5 Dockerfile:3" {
		t.Error(got)
	}
	if got := f.Of(at("c.conf")); got != nil {
		t.Errorf("%+v", got)
	}
	if got := f.Of(); got != nil {
		t.Errorf("%+v", got)
	}
}

// No text stops the readers, and what they say stands in the text.
func FuzzRead(f *testing.F) {
	f.Add("FROM nginx:1.17\nCOPY nginx.conf /etc/nginx/\n", "services: {web: {image: 'nginx:1.25', volumes: [./nginx.conf:/x]}}")
	f.Add("ARG A=$A\nFROM nginx:${A:-1.1}\nFROM a AS a\nCOPY --from=a . [\n", "a: &a\n  <<: *a\nservices: *a\n")
	f.Add("FROM a AS a\nCOPY --from=a /x /x\nFROM nginx:1.9\nCOPY --from=a /x/nginx.conf <<E", "services: [1, {image: nginx}]\nconfigs: !!x y\n")
	f.Add("FROM nginx\nCOPY . /etc/nginx/\nCOPY ../.. /etc/nginx/conf.d\n", "services: {web: {image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf', '..:/etc/nginx/conf.d', './a/../..:/x']}}")
	top := repository(f, "-- nginx.conf --\n")
	f.Fuzz(func(t *testing.T, docker, compose string) {
		for name, s := range map[string]string{"Dockerfile": docker, "compose.yaml": compose} {
			if err := os.WriteFile(filepath.Join(top, name), []byte(s), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		finder := new(Finder)
		p := finder.Of(filepath.Join(top, "nginx.conf"))
		for _, include := range []string{"*", "/etc/nginx/conf.d/*.conf", "/*/../x/[a-", "../../nginx.conf"} {
			places, _ := finder.Where(filepath.Join(top, "nginx.conf"), false, include)
			for _, place := range places {
				if rel, err := filepath.Rel(top, place); err != nil || !filepath.IsLocal(rel) {
					t.Errorf("Where(%q): %q lies outside of %q", include, place, top)
				}
			}
		}
		if p == nil {
			return
		}
		if p.Version.Major != 1 && !p.Floats() || !strings.Contains(p.Name, "nginx") && !strings.Contains(p.Name, "openresty") && !strings.Contains(strings.ToLower(p.Name), "nginx") {
			t.Errorf("%+v", p)
		}
		if lines := strings.Count(docker+compose, "\n") + 1; p.Line < 1 || p.Line > lines+strings.Count(compose, "\r") {
			t.Errorf("line %d of %d", p.Line, lines)
		}
	})
}
