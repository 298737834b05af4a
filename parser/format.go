package parser

import (
	"encoding/json"
	"path"
	"strings"
)

// otherFormat returns the name of the format that a text is recognisably in
// where that is not nginx's, "" where it may be nginx configuration or nothing
// is known of it. A text that holds statements only nginx has is never another
// format, unless its very first line says so: a shell script or a YAML document
// may carry nginx configuration inside.
func otherFormat(src string) string {
	if len(src) > sniffBytes {
		src = src[:sniffBytes]
	}
	src = strings.TrimPrefix(src, "\ufeff")
	if name := opening(src); name != "" {
		return name
	}
	if looksLikeNginx(src) {
		return ""
	}
	l := linesOf(src)
	switch {
	case len(l.all) == 0:
		return ""
	case l.inBlocks:
		return bracesFormat(l)
	case len(l.sections) > 0 && l.pairs > 0 && l.statements == 0:
		return sectionsFormat(l)
	case l.statements > 0:
		return bracesFormat(l)
	}
	if name := wordsFormat(l); name != "" {
		return name
	}
	switch {
	case l.pairs == len(l.all):
		return "key=value settings"
	case l.colons == len(l.all):
		return "YAML or properties"
	}
	return ""
}

// opening names the format that the first line of a text gives away.
func opening(src string) string {
	if len(splitDump(src)) > 1 {
		return DumpFormat
	}
	first := ""
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#' && !strings.HasPrefix(line, "#!"), line[0] == ';',
			strings.HasPrefix(line, "{{"), strings.HasPrefix(line, "{%"), strings.HasPrefix(line, "{#"), strings.HasPrefix(line, "<%"):
			continue
		}
		first = line
		break
	}
	switch {
	case first == "":
		return ""
	case strings.HasPrefix(first, "#!"):
		if !strings.HasPrefix(strings.TrimSpace(first[2:]), "/") {
			return ""
		}
		interpreter := strings.Fields(first[2:] + " ")
		name := "a script"
		for _, word := range interpreter {
			if name = path.Base(word); name != "env" {
				break
			}
		}
		switch {
		case strings.HasSuffix(name, "nginx"), // an executable configuration
			holdsSite(src): // the line is there for an editor's colours
			return ""
		case strings.HasSuffix(name, "sh"):
			return "a shell script"
		}
		return "a script"
	case strings.HasPrefix(first, "<?php"):
		return "PHP"
	case strings.HasPrefix(first, "<?xml"), strings.HasPrefix(strings.ToLower(first), "<!doctype"), strings.HasPrefix(strings.ToLower(first), "<html"), isElement(first) && strings.Contains(src, "</"+first[1:2]):
		return "XML or HTML"
	case strings.HasPrefix(first, "-----BEGIN "):
		return "a key or certificate"
	case first == "---", strings.HasPrefix(first, "%YAML"), isYAMLKey(first), strings.HasPrefix(first, "- ") && strings.Contains(first, ":"):
		return "YAML"
	case strings.HasPrefix(first, "FROM "), strings.HasPrefix(first, "ARG ") && !strings.HasSuffix(first, ";"):
		return "a Dockerfile"
	case isPair(first) && strings.Contains(first, ` = "`) && strings.HasSuffix(first, `"`):
		return "TOML or INI"
	case (first[0] == '{' || first[0] == '[') && json.Valid([]byte(src)), first == "{", strings.HasPrefix(first, `{"`):
		return "JSON"
	case (first == "input {" || first == "filter {" || first == "output {") && strings.Contains(src, " => "):
		return "Logstash"
	case isSection(first):
		return sectionsFormat(linesOf(src))
	}
	return ""
}

// isElement reports whether a line begins as an element of HTML does: <p>, <div class="x">.
func isElement(line string) bool {
	n := nameEnd(line, 1, lowerByte)
	return line[0] == '<' && n > 1 && n < len(line) && (line[n] == '>' && strings.Contains(line[n:], "</") || line[n] == ' ' && strings.Contains(line[n:], "=\""))
}

// isYAMLKey reports whether a line is "key:", with or without a value.
func isYAMLKey(line string) bool {
	n := nameEnd(line, 0, func(c byte) bool { return wordByte(c) || c == '-' || c == '.' || c == '/' })
	return n > 0 && n < len(line) && line[n] == ':' && (n+1 == len(line) || line[n+1] == ' ') &&
		!strings.HasSuffix(line, ";") && (!strings.HasSuffix(line, "{") || strings.HasSuffix(line, ": {"))
}

// isSection reports whether a line is the head of a section: [name].
func isSection(line string) bool {
	line, _, _ = strings.Cut(line, " #")
	line = strings.TrimSpace(line)
	return len(line) > 2 && line[0] == '[' && line[len(line)-1] == ']'
}

// lines is what the lines of a text look like.
type lines struct {
	all        []string // those that are neither empty nor a comment
	sections   []string // the names in [name]
	pairs      int      // lines "key = value"
	colons     int      // lines "key: value" and "- item"
	statements int      // lines that end as nginx's do: ';', '{', '}'
	inBlocks   bool     // lines without such an end stand in braces
}

func linesOf(src string) lines {
	var l lines
	depth := 0
	for raw := range strings.Lines(src) {
		line := strings.TrimSpace(raw)
		if line == "" || line[0] == '#' || line[0] == ';' && depth == 0 {
			continue
		}
		if i := strings.Index(line, " #"); i > 0 {
			line = strings.TrimSpace(line[:i])
		}
		l.all = append(l.all, line)
		switch last := line[len(line)-1]; {
		case isSection(line):
			name, _, _ := strings.Cut(line, " #")
			name = strings.TrimSpace(name)
			l.sections = append(l.sections, name[1:len(name)-1])
		case last == '{':
			depth++
			l.statements++
		case last == '}':
			depth--
			l.statements++
		case last == ';':
			l.statements++
		case isPair(line):
			l.pairs++
		case isYAMLKey(line), strings.HasPrefix(line, "- "):
			l.colons++
		case depth > 0:
			l.inBlocks = true
		}
	}
	return l
}

// isPair reports whether a line is "key = value".
func isPair(line string) bool {
	line = strings.TrimPrefix(line, "export ")
	key, _, ok := strings.Cut(line, "=")
	key = strings.TrimRight(key, " \t+:?")
	return ok && key != "" && nameEnd(key, 0, func(c byte) bool {
		return wordByte(c) || strings.IndexByte("-./:[]\"'", c) >= 0
	}) == len(key)
}

// sectionsFormat names a format with [sections].
func sectionsFormat(l lines) string {
	for _, s := range l.sections {
		word, _, _ := strings.Cut(s, ":")
		switch {
		case supervisorSections[word]:
			return "supervisord"
		case systemdSections[s]:
			return "a systemd unit"
		case strings.HasPrefix(s, "[") || strings.Contains(s, "."):
			return "TOML or INI"
		}
	}
	return "INI"
}

var supervisorSections = set(`supervisord supervisorctl unix_http_server inet_http_server rpcinterface program
	group eventlistener fcgi-program`)

var systemdSections = set(`Unit Service Install Timer Socket Mount Path Network Match Link Journal Resolve Manager`)

// wordsFormat names a format whose lines are words without an end.
func wordsFormat(l lines) string {
	if l.statements > 0 {
		return ""
	}
	best, most := "", 0
	for _, f := range wordFormats {
		n, telling := 0, false
		for _, line := range l.all {
			word, _, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(line, "=", " "), "\t", " "), " ")
			if strings.Contains(word, "_") && strongName(word) && !isPair(line) {
				return "" // nginx's, for want of a semicolon
			}
			known := isKnown(word)
			if f.fold {
				word = strings.ToLower(word)
			}
			if f.words[word] {
				n++
				telling = telling || !known
			}
		}
		// A few words may be anyone's; most lines of a file are not.
		if telling && n > most && (n >= 3 || 2*n >= len(l.all)) {
			best, most = f.name, n
		}
	}
	return best
}

// wordFormats are formats of one statement a line, by words that nginx does not
// have, or not without a semicolon.
var wordFormats = []struct {
	name  string
	fold  bool
	words map[string]bool
}{
	{"redis", true, set(`bind protected-mode port tcp-backlog timeout tcp-keepalive daemonize supervised pidfile loglevel
		logfile databases always-show-logo save stop-writes-on-bgsave-error rdbcompression rdbchecksum dbfilename dir
		replicaof slaveof requirepass maxmemory maxmemory-policy maxclients appendonly appendfilename appendfsync
		rename-command unixsocket unixsocketperm masterauth`)},
	{"Apache", true, set(`<virtualhost <directory <location <ifmodule <files <proxy </virtualhost> </directory>
		</location> </ifmodule> </files> </proxy> <locationmatch </locationmatch> <directorymatch <filesmatch </filesmatch>
		servername serveralias serveradmin documentroot errorlog customlog
		loadmodule rewriteengine rewritecond rewriterule proxypass proxypassreverse proxypreservehost sslengine
		sslcertificatefile sslcertificatekeyfile allowoverride require options directoryindex listen header requestheader
		serverroot namevirtualhost addtype addhandler setenvif order`)},
	{"HAProxy", false, haproxyWords},
	{"dnsmasq", false, set(`domain-needed bogus-priv no-resolv no-poll no-hosts expand-hosts dhcp-range dhcp-option
		dhcp-host dhcp-authoritative log-queries log-dhcp listen-address bind-interfaces bind-dynamic cache-size
		addn-hosts conf-dir interface local server address strict-order filterwin2k resolv-file`)},
	{"PostgreSQL", false, set(`listen_addresses max_connections shared_buffers work_mem maintenance_work_mem
		effective_cache_size wal_level wal_buffers max_wal_size min_wal_size checkpoint_timeout log_destination
		logging_collector log_directory datestyle timezone lc_messages lc_monetary default_text_search_config
		dynamic_shared_memory_type archive_mode archive_command hba_file ident_file data_directory
		local host hostssl hostnossl hostgssenc`)},
	{"sshd", false, set(`Port PermitRootLogin PasswordAuthentication PubkeyAuthentication AuthorizedKeysFile
		ChallengeResponseAuthentication UsePAM X11Forwarding PrintMotd AcceptEnv Subsystem ListenAddress AllowUsers
		Host HostName User IdentityFile ProxyCommand ForwardAgent Match`)},
	{"resolv.conf", false, set(`nameserver search domain options sortlist`)},
	{"rsyslog", false, set(`$ModLoad $FileOwner $FileGroup $FileCreateMode $IncludeConfig $WorkDirectory $Umask
		*.* *.emerg auth,authpriv.* mail.* kern.* cron.* daemon.* user.* module(load input(type`)},
	{"a Dockerfile", false, set(`FROM RUN COPY ADD WORKDIR ENV EXPOSE CMD ENTRYPOINT ARG USER VOLUME HEALTHCHECK LABEL`)},
	{"a shell script", false, set(`fi done esac then echo local unset source`)},
	{"OpenVPN", false, set(`client dev proto remote resolv-retry nobind persist-key persist-tun ca cert key cipher auth verb
		tls-auth ifconfig push keepalive comp-lzo dh`)},
	{"NTP or chrony", false, set(`server pool peer driftfile restrict makestep rtcsync logdir statsdir statistics filegen keyfile keys
		leapsectz leapfile fudge hwtimestamp allow bindcmdaddress maxupdateskew ntpsigndsocket disable tinker`)},
	{"MIME types", false, set(`text/html text/plain text/css application/json application/xml image/png image/jpeg`)},
}

// bracesFormat names a format that has braces or semicolons as nginx does.
func bracesFormat(l lines) string {
	count := func(words map[string]bool) int {
		n := 0
		for _, line := range l.all {
			end := nameEnd(line, 0, func(c byte) bool { return wordByte(c) || c == '-' || c == '.' })
			if words[line[:end]] {
				n++
			}
		}
		return n
	}
	parts := func(pieces ...string) int {
		n := 0
		for _, line := range l.all {
			for _, piece := range pieces {
				if strings.Contains(line, piece) {
					n++
					break
				}
			}
		}
		return n
	}
	switch {
	case l.isHAProxy():
		return "HAProxy"
	case parts(") then {", "action(type=", "module(load=", "input(type=") >= 1:
		return "rsyslog"
	case parts(" => ") >= 2 && count(logstashWords) >= 1:
		return "Logstash"
	case count(dovecotWords) >= 2 && l.pairs >= 2:
		return "Dovecot"
	case count(logrotateWords) >= 2 && l.inBlocks:
		return "logrotate"
	case count(caddyWords) >= 1 && l.inBlocks:
		return "Caddy"
	case count(terraformWords) >= 1 && l.pairs > 0:
		return "HCL"
	case count(bindWords) >= 2:
		return "BIND"
	case count(vclWords) >= 1:
		return "VCL"
	case count(dhcpWords) >= 2:
		return "dhcpd"
	case count(shellWords) >= 2:
		return "a shell script"
	case count(keepalivedWords) >= 1 && l.inBlocks:
		return "keepalived"
	case count(syslogWords) >= 2:
		return "syslog-ng"
	case count(lighttpdWords) >= 1 && l.pairs > 0:
		return "lighttpd"
	}
	return ""
}

// isHAProxy reports whether lines without an end are HAProxy's, in a template whose
// tags end as nginx's blocks do: the head of a section, and three words of its own.
func (l lines) isHAProxy() bool {
	heads, known := 0, 0
	for _, line := range l.all {
		f := strings.Fields(line)
		switch n := len(f); {
		case strings.ContainsRune(";{", rune(line[len(line)-1])):
			continue
		case n == 1 && (f[0] == "global" || f[0] == "defaults"), n == 2 && (f[0] == "frontend" || f[0] == "backend"):
			heads++
		case n > 1 && haproxyWords[f[0]]:
			known++
		}
	}
	return heads > 0 && known > 2
}

var haproxyWords = set(`global defaults frontend backend bind mode balance option acl use_backend default_backend
	maxconn timeout chroot stats errorfile http-request http-response log retries listen tune.ssl.default-dh-param
	stick-table cookie redirect`)

var (
	logrotateWords = set(`daily weekly monthly yearly hourly rotate compress delaycompress nocompress missingok nomissingok
		notifempty ifempty create copytruncate sharedscripts postrotate prerotate endscript su dateext maxsize minsize size
		olddir dateformat maxage`)
	caddyWords      = set(`reverse_proxy file_server encode tls handle handle_path php_fastcgi respond redir`)
	terraformWords  = set(`resource variable provider module output locals terraform data`)
	bindWords       = set(`zone options acl logging controls type file directory masters forwarders recursion allow-query allow-transfer listen-on listen-on-v6 dnssec-validation channel category`)
	vclWords        = set(`vcl sub backend import director probe`)
	dhcpWords       = set(`subnet option range default-lease-time max-lease-time authoritative ddns-update-style host hardware fixed-address log-facility`)
	shellWords      = set(`fi done esac elif export local echo function case exit sed cat awk mkdir chmod chown`)
	keepalivedWords = set(`vrrp_instance vrrp_script virtual_server global_defs virtual_ipaddress virtual_router_id`)
	logstashWords   = set(`input filter output`)
	dovecotWords    = set(`passdb userdb namespace auth_mechanisms mail_location protocols plugin pattern value_field username_field
		username_attribute introspection_mode introspection_url oauth2 service unix_listener inet_listener`)
	syslogWords   = set(`source destination filter log options`)
	lighttpdWords = set(`server.modules server.port server.document-root server.errorlog index-file.names mimetype.assign`)
)
