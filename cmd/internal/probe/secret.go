package probe

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
)

// mask stands where a credential stood.
const mask = "***"

// secretNames are parts of the names of headers and query parameters whose
// values are credentials.
var secretNames = lazy.Pattern(`(?i)token|auth|passw|passwd|pwd|secret|session|(^|[-_])sid$|signature|(^|[-_])sig$|credential|cookie|jwt|ticket|bearer|(^|[-_]|api|access)key$|^code$|^otp$|^pass$`)

// publicNames match secretNames and are none.
var publicNames = lazy.Pattern(`(?i)^(www-authenticate|proxy-authenticate|authority|sec-websocket-key|sec-websocket-accept)$`)

// secretValue is a value that is a credential whatever its name is: a JSON web
// token, or a long run of letters and digits.
var secretValue = lazy.Pattern(`^(eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|[A-Za-z0-9_\-+/=]{32,})$`)

// secretName reports whether the values of a header or parameter are
// credentials.
func secretName(name string) bool {
	return secretNames().MatchString(name) && !publicNames().MatchString(name)
}

// maskURL returns u without its credentials: the user, and the parameters that
// look like keys to something.
func maskURL(u *url.URL) string {
	c := *u
	user := c.User != nil
	c.User = nil
	c.RawQuery = maskQuery(c.RawQuery)
	c.Fragment, c.RawFragment = "", ""
	text := c.String()
	if user {
		scheme, rest, _ := strings.Cut(text, "//")
		text = scheme + "//" + mask + "@" + rest
	}
	return text
}

// maskQuery returns a query with the values of credentials masked.
func maskQuery(query string) string {
	if query == "" {
		return ""
	}
	parts := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' })
	for i, part := range parts {
		name, value, found := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		switch decoded, err := url.QueryUnescape(name); {
		case found && value != "" && (err != nil || secretName(decoded) || secretValue().MatchString(plain)):
			parts[i] = name + "=" + mask
		case !found && secretValue().MatchString(plain):
			parts[i] = mask
		}
	}
	return strings.Join(parts, "&")
}

// maskTarget masks the query of a request target or a redirect.
func maskTarget(target string) string {
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		return maskURL(u)
	}
	path, query, found := strings.Cut(target, "?")
	if !found {
		return target
	}
	return path + "?" + maskQuery(query)
}

// maskField returns the value of a header line as it may be printed.
func maskField(name, value string) string {
	switch lower := strings.ToLower(name); {
	case value == "":
		return ""
	case lower == "authorization" || lower == "proxy-authorization":
		if scheme, _, found := strings.Cut(value, " "); found {
			return scheme + " " + mask
		}
		return mask
	case lower == "cookie":
		return mask
	case lower == "set-cookie":
		name, rest, _ := strings.Cut(value, "=")
		_, attributes, found := strings.Cut(rest, ";")
		if found {
			return name + "=" + mask + ";" + attributes
		}
		return name + "=" + mask
	case lower == "location" || lower == "referer" || lower == "content-location" || lower == "refresh" || lower == "link":
		return maskTarget(value)
	case lower == "sec-websocket-protocol":
		// Browsers can send no Authorization line, so tokens travel here.
		parts := strings.Split(value, ",")
		for i, p := range parts {
			if name := strings.TrimSpace(p); secretProtocol(name) {
				parts[i] = strings.Replace(p, name, mask, 1)
			}
		}
		return strings.Join(parts, ",")
	case secretName(name):
		return mask
	}
	return value
}

// secretProtocol reports whether a subprotocol is a token in disguise, as in
// base64url.bearer.authorization.k8s.io.TOKEN.
func secretProtocol(name string) bool {
	return secretValue().MatchString(name) || strings.HasPrefix(name, "base64url.bearer.")
}

// secrets are the credentials that a probe was given, to be masked wherever
// they come back.
type secrets []string

// shortest is the length from which a credential is masked in any text: a
// shorter one would be found in innocent words.
const shortest = 4

// secretsOf collects the credentials of o.
func secretsOf(o *Options) secrets {
	var s secrets
	add := func(values ...string) {
		for _, v := range values {
			if len(v) >= shortest && !slices.Contains(s, v) {
				s = append(s, v)
			}
		}
	}
	s = nil
	if o.URL.User != nil {
		password, _ := o.URL.User.Password()
		add(password, basic(o.URL.User), o.URL.User.String())
		if password == "" {
			add(o.URL.User.Username())
		}
	}
	for part := range strings.FieldsFuncSeq(o.URL.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(part, "=")
		if maskQuery(part) != part {
			plain, _ := url.QueryUnescape(value)
			if value == "" {
				value = name
			}
			add(value, plain)
		}
	}
	for _, f := range o.Headers {
		shown := maskField(f.Name, f.Value)
		if shown == f.Value {
			continue
		}
		add(f.Value)
		switch strings.ToLower(f.Name) {
		case "authorization", "proxy-authorization":
			scheme, rest, _ := strings.Cut(f.Value, " ")
			add(rest)
			if strings.EqualFold(scheme, "basic") {
				if plain, err := base64.StdEncoding.DecodeString(rest); err == nil {
					_, password, _ := strings.Cut(string(plain), ":")
					add(string(plain), password)
				}
			}
		case "cookie":
			for pair := range strings.SplitSeq(f.Value, ";") {
				_, value, _ := strings.Cut(pair, "=")
				add(strings.TrimSpace(value))
			}
		}
	}
	for _, p := range o.Subprotocols {
		if secretProtocol(p) {
			add(p)
		}
	}
	// The longest first: one may be part of another.
	slices.SortStableFunc(s, func(a, b string) int { return len(b) - len(a) })
	return s
}

// basic returns the credentials of a URL as an Authorization line has them.
func basic(user *url.Userinfo) string {
	password, _ := user.Password()
	return base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
}

// in returns text without the credentials.
func (s secrets) in(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, mask)
	}
	return text
}

// head returns the head of a request or an answer as it may be printed.
func (s secrets) head(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		body := strings.TrimRight(line, "\r\n")
		end := line[len(body):]
		if i == 0 {
			if words := strings.SplitN(body, " ", 3); len(words) == 3 && strings.HasPrefix(words[2], "HTTP/") {
				lines[i] = words[0] + " " + maskTarget(words[1]) + " " + words[2] + end
			}
			continue
		}
		if name, value, found := strings.Cut(body, ":"); found {
			space := value[:len(value)-len(strings.TrimLeft(value, " \t"))]
			lines[i] = name + ":" + space + maskField(name, value[len(space):]) + end
		}
	}
	return s.in(strings.Join(lines, ""))
}
