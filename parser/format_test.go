package parser

import "testing"

// Files of other formats are recognised by what they hold.
func TestOtherFormat(t *testing.T) {
	for _, tt := range []struct{ want, src string }{
		{"supervisord", "; supervisor config file\n\n[unix_http_server]\nfile=/var/run/supervisor.sock   ; (the path)\nchmod=0700\n"},
		{"supervisord", "[program:app]\ncommand=/usr/bin/app --port 80\nautostart=true\nenvironment=A=\"1\",B=\"2\"\n"},
		{"a systemd unit", "[Unit]\nDescription=The nginx HTTP server\n[Service]\nExecStart=/usr/sbin/nginx -g 'daemon off;'\n"},
		{"a systemd unit", "# drop-in\n[Service]\nLimitNOFILE=65535\n"},
		{"INI", "# php\n[www]\nuser = www-data\nlisten = /run/php-fpm.sock\npm.max_children = 5\n"},
		{"INI", "[mysqld]\nskip-name-resolve\nmax_connections = 200\n"},
		{"TOML or INI", "title = \"x\"\n[owner.name]\nx = 1\n"},
		{"TOML or INI", "[[inputs]]\nurls = [\"http://localhost/status\"]\n"},
		{"redis", "# redis\nbind 127.0.0.1\nprotected-mode yes\nport 6379\nsave 900 1\nappendonly no\n"},
		{"redis", "maxmemory 256mb\nmaxmemory-policy allkeys-lru\n"},
		{"Apache", "<VirtualHost *:80>\n    ServerName example.com\n    ProxyPass / http://localhost:8080/\n</VirtualHost>\n"},
		{"Apache", "RewriteEngine On\nRewriteCond %{HTTP:Upgrade} websocket [NC]\nRewriteRule /(.*) ws://localhost/$1 [P,L]\n"},
		{"Apache", "LoadModule proxy_module modules/mod_proxy.so\nListen 80\n"},
		{"HAProxy", "global\n    maxconn 4096\ndefaults\n    mode http\n    timeout connect 5s\nfrontend web\n    bind *:80\n    default_backend app\nbackend app\n    server a 127.0.0.1:8080\n"},
		{"logrotate", "/var/log/nginx/*.log {\n\tdaily\n\tmissingok\n\trotate 14\n\tpostrotate\n\t\t[ -f /run/nginx.pid ] && kill -USR1 `cat /run/nginx.pid`\n\tendscript\n}\n"},
		{"logrotate", "/var/log/a.log\n/var/log/b.log {\n  weekly\n  compress\n  notifempty\n}\n"},
		{"dnsmasq", "domain-needed\nbogus-priv\nserver=/lan/10.0.0.1\nlisten-address=127.0.0.1\ncache-size=1000\n"},
		{"PostgreSQL", "listen_addresses = '*'\nmax_connections = 100\nssl_cert_file = 'server.crt'\nshared_buffers = 128MB # min 128kB\n"},
		{"PostgreSQL", "# TYPE DATABASE USER ADDRESS METHOD\nlocal all postgres peer\nhost all all 127.0.0.1/32 md5\nhost all all ::1/128 md5\n"},
		{"YAML", "---\nserver:\n  listen: 80\n  proxy_pass: http://x\n"},
		{"YAML", "# config\nserver:\n  address: 0.0.0.0:80\nlog:\n  - a\n  - b\n"},
		{"YAML", "apiVersion: v1\nkind: ConfigMap\ndata:\n  nginx.conf: |\n    server {\n      listen 80;\n    }\n"},
		{"JSON", "{\n  \"server\": {\"listen\": 80, \"location\": \"/\"}\n}\n"},
		{"JSON", "[1, 2]\n"},
		{"a shell script", "#!/bin/bash\nset -e\ncat > /etc/nginx/x.conf <<EOF\nserver { listen 80; }\nEOF\n"},
		{"a shell script", "#!/usr/bin/env bash\nnginx -t\n"},
		{"a shell script", "#!/bin/sh\nset -e;\nserver {\n listen 80;\n}\nexec nginx;\n"},
		{"a script", "#!/usr/bin/python3\nprint('server {')\n"},
		{"key=value settings", "server.port=8080\nspring.datasource.url=jdbc:postgresql://db/x\n# x\nlogging.level.root=INFO\n"},
		{"key=value settings", "export DOMAIN=example.com\nPORT=80\nLISTEN=\"a;b\"\n"},
		{"key=value settings", "net.core.somaxconn = 65535\nnet.ipv4.ip_forward = 1\n"},
		{"XML or HTML", "<?xml version=\"1.0\"?>\n<server><listen>80</listen></server>\n"},
		{"XML or HTML", "<p data-bind=\"x: y\"></p>\n<table>\n<td data-bind=\"click: function() { if ($data.a && $data.b) { c($data.d) } }\">{{ _('x') }}</td>\n</table>\n"},
		{"PHP", "<?php\nreturn ['server' => 1];\n"},
		{"sshd", "Port 22\nPermitRootLogin no\nPasswordAuthentication no\n"},
		{"NTP or chrony", "server 0.pool.ntp.org iburst\nserver 1.pool.ntp.org iburst\ndriftfile /var/lib/ntp/ntp.drift\n"},
		{"NTP or chrony", "pool pool.ntp.org iburst\nmakestep 1.0 3\nallow 10.0.0.0/8\n"},
		{"resolv.conf", "nameserver 1.1.1.1\nsearch example.com\n"},
		{"a Dockerfile", "FROM nginx:alpine\nCOPY nginx.conf /etc/nginx/nginx.conf\nEXPOSE 80\n"},
		{"a Dockerfile", "# syntax=docker/dockerfile:1\n\nFROM base AS static\nRUN set -e \\\n  ; gzip -k9 /static/*.ico \\\n  ; chmod a+r /static\nENV location=/x\n"},
		{"a Dockerfile", "ARG BASE=alpine\nFROM $BASE\nRUN printf 'server {\\n listen 80;\\n}\\n' > /etc/nginx/x.conf\n"},
		{"TOML or INI", "# a snippet with a head\nname = \"Security\"\ndescription = { en = \"x\", fr = \"y\"}\n# end\nlocation ~ /\\. {\n  return 444;\n}\n"},
		{"HAProxy", "{{ managed }}\nglobal\n    log 127.0.0.1 local2\n    chroot /var/lib/haproxy\n    maxconn {{ maxconn }}\ndefaults\n    mode tcp\n    option tcpka\n    option tcplog\nlisten db\n    bind {{ address }}:{{ port }}\n{% for host in hosts %}\n    server {{ host }} {{ host }}:3306 check\n{% endfor %}\n"},
		{"HAProxy", "frontend web\n    acl api path_beg /api\n    acl www hdr(host) -i www.example.com\n    use_backend api if api { ssl_fc }\n    default_backend {{ main }}\n"},
		{"dhcpd", "option domain-name \"example.com\";\noption routers 10.0.0.1;\nlog-facility local7;\n"},
		{"BIND", "options {\n  directory \"/var/cache/bind\";\n  forwarders { 1.1.1.1; };\n};\nzone \"example.com\" {\n  type master;\n  file \"/etc/bind/db\";\n};\n"},
		{"VCL", "vcl 4.0;\nbackend default {\n  .host = \"127.0.0.1\";\n}\n"},
		{"dhcpd", "default-lease-time 600;\nsubnet 10.0.0.0 netmask 255.0.0.0 {\n  range 10.0.0.2 10.0.0.9;\n  option routers 10.0.0.1;\n}\n"},
		{"Caddy", "example.com {\n    reverse_proxy localhost:8080\n    encode gzip\n}\n"},
		{"HCL", "resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n  instance_type = \"t3\"\n}\n"},
		{"rsyslog", "# app\nif ($programname startswith 'app') then {\n    action(type=\"omfile\" file=\"/var/log/app.log\")\n    stop\n}\n"},
		{"rsyslog", "if ($programname contains 'a') and\n   ($msg contains 'b') then {\n  stop\n}\n"},
		{"rsyslog", "module(load=\"imtcp\")\ntemplate(name=\"x\" type=\"list\") {\n  constant(value=\"/\")\n}\nif ($a == 'b') then {\n  @log.example.com;Format\n  stop\n}\n"},
		{"Logstash", "input {\n  rabbitmq {\n    host => \"{{ .Values.host }}\"\n    port => 5672\n  }\n}\nfilter {\n  if ([action] == \"read\") {\n    drop { }\n  }\n}\n"},
		{"Logstash", "output {\n  http {\n    url => \"http://x\"\n    ssl_verify => false\n  }\n}\nset {\n}\n"},
		{"Dovecot", "connect = host=127.0.0.1 dbname=mail\n\nmap {\n  pattern = priv/quota/storage\n  username_field = username\n  value_field = bytes\n}\n"},
		{"Dovecot", "auth_mechanisms {\n  xoauth2 = yes\n}\noauth2 {\n  introspection_mode = post\n}\n"},
		{"a key or certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"},
	} {
		if got := otherFormat(tt.src); got != tt.want {
			t.Errorf("otherFormat(%q) = %q, want %q", tt.src, got, tt.want)
		}
	}
}

// Odd nginx configuration is never taken for another format.
func TestOtherFormatOfNginx(t *testing.T) {
	for _, src := range []string{
		"",
		"\n\n",
		"# nothing yet\n",
		"server 10.0.0.1:8080;\n",
		"server 10.0.0.1:8080 weight=5;\nserver 10.0.0.2:8080 backup;\n",
		"allow 10.0.0.0/8;\ndeny all;\n",
		"return 404;\n",
		"return 301 https://$host$request_uri\n",
		"listen 80\nserver_name example.com\n",
		"listen 80\nroot /var/www\n",
		"proxy_pass http://app\n",
		"proxy_set_header Upgrade $http_upgrade\nproxy_set_header Connection upgrade\n",
		"server {\n    listen 80\n    location / {\n        root /var/www\n    }\n}\n",
		"server\n{\n  listen 80;\n}\n",
		"server{listen 80;location /{proxy_pass http://a;}}",
		"\"server\" { 'listen' 80; }\n",
		"upstream app { server 127.0.0.1:3000; keepalive 8; }",
		"include snippets/ssl.conf;\n",
		"set $a 1;\n",
		"if ($host = a) { return 403; }\n",
		"rewrite ^/a$ /b last;\n",
		"default upgrade;\n'' close;\n",
		"text/html html htm;\n",
		"10.0.0.0/8 1;\n127.0.0.1 0;\n",
		"\ufeffserver {\n listen 80;\n}\n",
		"#!/usr/sbin/nginx -c\nevents {}\nhttp {}\n",
		"#! managed by certbot\nlisten 443 ssl;\n",
		"#!/bin/sh #good enough highlighting\nworker_processes 2;\nevents {\n}\nhttp {\n server { listen 80; }\n}\n",
		"[::]:80;\nlisten [::]:80;\n",
		"log_format j escape=json '{\"a\":\"$uri\"}';\n",
		"content_by_lua_block {\n  ngx.say('[x]')\n  a = 1\n}\n",
		"location = /x {\n  default_type application/json;\n  return 200 '{\"a\": 1}';\n}\n",
		"map $http_upgrade $c {\n default upgrade;\n '' close;\n}\n",
		"types {\n  text/html html;\n}\n",
		"{% if a %}\nserver { listen {{ port }}; }\n{% endif %}\n",
		"{{ range .Servers }}\nserver {{ .Address }};\n{{ end }}\n",
		"<%# x %>\nserver { listen <%= @p %>; }\n",
		"listen ${PORT};\nserver_name ${HOST};\n",
		"%%TEST_GLOBALS%%\nevents {\n}\n",
		"server {\r\n\tlisten 80;\r\n}\r\n",
		"env A=1;\nuser www;\nworker_processes 1;\nevents {}\n",
		"ssl_certificate /x;\nssl_certificate_key /y;\n",
		"geo $x {\n default 0;\n 10.0.0.0/8 1;\n}\n",
		"proxy_http_version 1.1 # no semicolon\n",
		"mail {\n server {\n  listen 25;\n  protocol smtp;\n }\n}\n",
		"stream {\n server { listen 1; proxy_pass a:2; }\n}\n",
	} {
		if got := otherFormat(src); got != "" {
			t.Errorf("otherFormat(%q) = %q, want nginx", src, got)
		}
	}
}

// Code that happens to use names of nginx's is not taken for configuration.
func TestLooksLikeNginxNot(t *testing.T) {
	for _, src := range []string{
		"const http = require('http');\nserver = http.createServer(app);\nevents = [];\nserver.listen(80);\nreturn app;\n",
		"<script>\nlocation = '{{ url }}';\n</script>\n",
		".server { color: red; }\n.location { margin: 0; }\n",
	} {
		if looksLikeNginx(src) {
			t.Errorf("looksLikeNginx(%q)", src)
		}
	}
}
