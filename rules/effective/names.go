package effective

import "strings"

// serverNames are the names of the servers of a socket, each with the server
// that has it. Of two servers with one name the first has it; nginx warns of a
// "conflicting server name" and ignores the other (ngx_http_server_names).
type serverNames struct {
	exact map[string]*VirtualServer
	front map[string]wildName // "example.com" of "*.example.com" and ".example.com"
	back  map[string]*VirtualServer
}

// wildName is a name with its wildcard in front.
type wildName struct {
	server *VirtualServer
	bare   bool // without "*": the name alone matches too
}

// text returns the name as it is written in front of key.
func (w wildName) text(key string) string {
	if w.bare {
		return "." + key
	}
	return "*." + key
}

// newServerNames follows ngx_hash_add_key. Its two tables of what is taken do
// not agree: ".example.com" takes "example.com" even where it is itself ignored
// because "*.example.com" was there first.
func newServerNames(servers []*VirtualServer) *serverNames {
	t := &serverNames{map[string]*VirtualServer{}, map[string]wildName{}, map[string]*VirtualServer{}}
	taken := map[string]bool{}
	for _, vs := range servers {
		for _, n := range vs.Names {
			n = strings.ToLower(n)
			bare := len(n) > 1 && n[0] == '.'
			switch {
			case strings.HasPrefix(n, "~"), n == "$hostname":
			case bare, strings.HasPrefix(n, "*."):
				_, key, _ := strings.Cut(n, ".")
				if bare {
					if taken[key] {
						continue
					}
					taken[key] = true
				}
				if _, has := t.front[key]; !has {
					t.front[key] = wildName{vs, bare}
				}
			case strings.HasSuffix(n, ".*"):
				if key := n[:len(n)-2]; t.back[key] == nil {
					t.back[key] = vs
				}
			case !taken[n]:
				taken[n] = true
				t.exact[n] = vs
			}
		}
	}
	return t
}

// named is the server that a request for a host reaches.
type named struct {
	server *VirtualServer
	name   string // its server_name that matches; "" where none does
	why    string // how nginx chose it
}

// byName returns the server of the socket that a request for host reaches
// (ngx_http_find_virtual_server): exact name, then the longest wildcard in front,
// then the longest behind, then the first regular expression, then the default
// server.
func (s *socket) byName(host string) named {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if s.names == nil {
		s.names = newServerNames(s.servers)
	}
	if vs := s.names.exact[host]; vs != nil && host != "" {
		return named{vs, host, "its server_name is " + host}
	}
	for key, first := host, true; key != ""; first = false {
		if w := s.names.front[key]; w.server != nil && (!first || w.bare) {
			return named{w.server, w.text(key), "its server_name matches " + host}
		}
		_, key, _ = strings.Cut(key, ".")
	}
	for key := host; ; {
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			break
		}
		key = key[:i]
		if vs := s.names.back[key]; vs != nil {
			return named{vs, key + ".*", "its server_name matches " + host}
		}
	}
	for _, vs := range s.servers {
		for _, n := range vs.Names {
			if strings.HasPrefix(n, "~") && host != "" {
				if _, matched, _ := compile(n[1:], true).match(host); matched {
					return named{vs, n, "its server_name " + n + " matches " + host}
				}
			}
		}
	}
	if s.fallback != nil {
		return named{s.fallback, "", "no server_name matches, and it is the default_server"}
	}
	return named{s.first, "", "no server_name matches, and it is the first on this port"}
}
