package effective

import (
	"slices"
	"strings"
)

// pathSigns is what the path of a route says of its purpose.
type pathSigns struct {
	likely  string // the word or words that say WebSocket; "" for none
	plain   string // the word that says pages, files or plain requests; "" for none
	only    bool   // nothing but WebSocket is usual there
	polling bool   // the library falls back to polling on the same path
	pings   bool   // the library sends pings by itself
	about   string // the word before it that says what is asked of sockets: monitoring
	behind  bool   // it is the proxied path's only, and ordinary requests share that
	from    Item   // the directive that hands over from the location whose path it is; zero for the route's own
}

// pathWords reads the location's path, the path that proxy_pass puts in its
// place, and for a named location the paths that lead to it.
func (in *intentions) pathWords(r *Route) pathSigns {
	var signs pathSigns
	named := false
	if r.Location != nil {
		modifier, match := r.Location.ModifierAndMatch()
		named = strings.HasPrefix(match, "@")
		signs = in.signsOf(modifier, match)
	}
	if signs.likely == "" && signs.plain == "" && named {
		for _, c := range in.callersOf(r).handOvers[matchOf(r.Location)] {
			if from := signsOfLocation(c.from.ModifierAndMatch()); from.likely != "" && signs.likely == "" {
				signs, signs.from, signs.only = from, c.by, false
			}
		}
	}
	proxied := ""
	if r.Pass.Directive != nil && protocol(r.Pass) == "proxy" {
		if proxied = rewritten(r.Location); proxied == "" {
			proxied = passPath(r.Pass.Arg(0))
		}
	}
	if signs.likely == "" && signs.plain == "" && !r.catchAll() {
		if proxied != "" {
			signs = signsOf(proxied)
			signs.behind, signs.only = signs.likely != "" && !signs.only, false
		}
		if signs.likely == "" && signs.plain == "" && r.Location != nil {
			signs = servedSigns(matchOf(r.Location), r.Pass.Arg(0))
		}
	}
	if signs.likely != "" && proxied != "" { // /ws/game/ to /socket.io/: the library behind it
		behind := signsOf(proxied)
		signs.polling, signs.pings = signs.polling || behind.polling, signs.pings || behind.pings
		signs.only = signs.only && !behind.polling
	}
	if signs.likely != "" && in.isWebService(r, proxied) {
		return pathSigns{}
	}
	behind, _, _ := strings.Cut(proxied, "?")
	signs.pings = signs.pings || namesHub(behind) || r.Location != nil && !named && namesHub(matchOf(r.Location))
	return signs
}

// signsOf is signsOfLocation, read once for all locations of the same path.
func (in *intentions) signsOf(modifier, match string) pathSigns {
	key := modifier + " " + match
	signs, known := in.signs[key]
	if !known {
		signs = signsOfLocation(modifier, match)
		in.signs[key] = signs
	}
	return signs
}

// signsOfLocation reads the path of one location.
func signsOfLocation(modifier, match string) pathSigns {
	switch {
	case strings.HasPrefix(modifier, "~"):
		return signsOfPattern(match)
	case strings.HasPrefix(match, "@"):
		name := strings.NewReplacer("@", "", "_", "/").Replace(match)
		signs := signsOf(name)
		if segments := segmentsOf(name); signsOfSegments(slices.DeleteFunc(segments, isFramework)).likely == "" {
			signs = pathSigns{}
		}
		signs.plain = "" // a name is no path
		return signs
	}
	return signsOf(match)
}

// servedSigns reads a path that only together with the upstream's name or port
// says WebSocket.
func servedSigns(match, pass string) pathSigns {
	segments := segmentsOf(match)
	if len(segments) == 0 {
		return pathSigns{}
	}
	last := segments[len(segments)-1]
	pass = strings.ToLower(pass)
	for _, s := range servedPaths {
		for _, name := range s.upstream {
			if s.segment == last && strings.Contains(pass, name) {
				return pathSigns{likely: match, only: !s.word.mixed, polling: s.word.polling, pings: s.word.pings}
			}
		}
	}
	return pathSigns{}
}

// isWebService reports whether the "ws" of a path is a web service's: a word of
// SOAP or REST stands beside it, its requests go to a script through FastCGI, or
// the location takes no GET and has no line for WebSocket.
func (in *intentions) isWebService(r *Route, proxied string) bool {
	path := ""
	if r.Location != nil {
		path = matchOf(r.Location)
	}
	short := false
	for _, text := range [...]string{path, proxied} {
		for _, seg := range segmentsOf(text) {
			switch w, known := socketWord(seg); {
			case seg == "ws" || hasPiece(seg, "ws"):
				short = true
			case known && w != (pathWord{}), strings.Contains(seg, "socket"):
				return false // said in full elsewhere in the path
			}
		}
	}
	if !short {
		return false
	}
	for i, text := range [...]string{path, proxied, r.Pass.Arg(0)} {
		for _, w := range serviceWords {
			named := i == 2 && w == "rest" // an upstream of that name may serve both
			if !named && hasPiece(strings.ToLower(text), w) {
				return true
			}
		}
	}
	own := r.own()
	for _, it := range own.Own("proxy_set_header") {
		if strings.EqualFold(it.Arg(0), "SOAPAction") {
			return true
		}
	}
	return protocol(r.Pass) == "fastcgi" && namesScript(own) ||
		deniesGet(own).Directive != nil && in.ownLine(own).Directive == nil
}

// namesScript reports whether a location hands its requests to a script: it says
// which, or includes the parameters that say it.
func namesScript(s *Scope) bool {
	for i := range s.Items {
		it := s.Items[i]
		if it.Is("fastcgi_param") && it.Arg(0) == "SCRIPT_FILENAME" || it.Is("include") && strings.Contains(it.Arg(0), "fastcgi") {
			return true
		}
	}
	return false
}

// passPath returns the URI part of a proxy_pass, "" where there is none or a
// variable makes it.
func passPath(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok || strings.HasPrefix(rest, "unix:") {
		return ""
	}
	i := strings.IndexByte(rest, '/')
	if i < 0 || strings.Contains(rest[i:], "$") {
		return ""
	}
	return rest[i:]
}

// segmentsOf returns the segments of a path in lower case, without its query.
func segmentsOf(path string) []string {
	path, _, _ = strings.Cut(path, "?")
	return strings.FieldsFunc(strings.ToLower(path), func(c rune) bool { return c == '/' })
}

func signsOf(path string) pathSigns {
	s := signsOfSegments(segmentsOf(path))
	if strings.HasPrefix(path, "/") {
		if s.likely != "" {
			s.likely = path
		}
		if s.plain != "" {
			s.plain = path
		}
	}
	return s
}

func signsOfSegments(segments []string) pathSigns {
	if len(segments) == 0 {
		return pathSigns{}
	}
	last := segments[len(segments)-1]
	if plainWords[dashed(last)] || isFile(last) || last[0] == '.' || strings.HasPrefix(last, "uni_") && last != "uni_websocket" {
		return pathSigns{plain: last}
	}
	if n := len(segments); n > 1 && fileFolders[segments[n-2]] {
		if w, _ := socketWord(last); w.polling {
			return pathSigns{plain: last} // the library's own script
		}
	}
	s := pathSigns{only: true}
	if n := len(segments); n > 1 && strings.Contains(last, "socket") && aboutWords[segments[n-2]] {
		s.about = segments[n-2]
	}
	add := func(seg string, w pathWord) {
		s.likely = seg
		s.polling = s.polling || w.polling
		s.pings = s.pings || w.pings
		s.only = s.only && !w.polling && !w.mixed
	}
	for _, seg := range segments {
		if w, ok := socketWord(seg); ok {
			add(seg, w)
		} else if strings.Contains(seg, "websocket") || hasPiece(seg, "ws", "wss") {
			add(seg, pathWord{})
		} else if s.likely == "" && (likelyWords[seg] || isHub(seg)) {
			add(seg, pathWord{mixed: true})
		}
	}
	joined := dashed(strings.Join(segments, "/"))
	for _, p := range likelyParts {
		if parts := dashed(p.segments); strings.HasSuffix(joined, parts) || !p.end && strings.Contains(joined+"/", parts+"/") {
			add(p.segments, p.word)
		}
	}
	s.only = s.only && s.likely != ""
	return s
}

// socketWord looks a segment up in socketWords: web_socket is web-socket.
func socketWord(segment string) (w pathWord, known bool) {
	if w, known = socketWords[segment]; !known {
		w, known = socketWords[dashed(segment)]
	}
	return w, known
}

// dashed writes the words of a segment with hyphens between them.
func dashed(segment string) string { return strings.ReplaceAll(segment, "_", "-") }

// isHub reports whether a segment is named as SignalR's hubs are: chathub.
func isHub(segment string) bool {
	name, ok := strings.CutSuffix(segment, "hub")
	switch strings.TrimRight(name, "-_") {
	case "chat", "notification", "notifications", "message", "game", "events":
		return ok
	}
	return false
}

// hasPiece reports whether one of the words stands in s between characters that
// are no letters or digits.
func hasPiece(s string, words ...string) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(s) && ('a' <= s[i] && s[i] <= 'z' || '0' <= s[i] && s[i] <= '9')
	}
	for _, w := range words {
		for from := 0; ; {
			i := strings.Index(s[from:], w)
			if i < 0 {
				break
			}
			from += i + 1
			if !letter(from-2) && !letter(from-1+len(w)) {
				return true
			}
		}
	}
	return false
}

// isFile reports whether a segment names a file that is fetched.
func isFile(segment string) bool {
	for _, ext := range [...]string{
		".js", ".css", ".map", ".html", ".json", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico",
		".webp", ".woff", ".woff2", ".ttf", ".txt", ".xml", ".pdf", ".mp4", ".m3u8", ".php", ".wsdl", ".asmx", ".webmanifest",
	} {
		if strings.HasSuffix(segment, ext) {
			return true
		}
	}
	return false
}

// fileOf returns the path of a location that takes requests for files of the kinds that
// are fetched and nothing else, "" for others: an exact path, or a pattern of which every
// alternative ends in one.
func fileOf(location *Scope) string {
	if location == nil {
		return ""
	}
	modifier, match := location.ModifierAndMatch()
	switch modifier {
	case "=":
		if isStatic(strings.ToLower(match)) {
			return match
		}
	case "~", "~*":
		ends := func(v string) bool {
			v, closed := strings.CutSuffix(v, "$")
			return closed && isStatic(strings.ReplaceAll(v, `\.`, "."))
		}
		if !strings.Contains(match, "(?!") && !slices.ContainsFunc(variantsOf(match), func(v string) bool { return !ends(v) }) {
			return match
		}
	}
	return ""
}

// isStatic reports whether a path ends as that of a file which no program answers as a
// WebSocket.
func isStatic(path string) bool {
	for _, ext := range [...]string{
		".js", ".mjs", ".css", ".map", ".html", ".htm", ".json", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico",
		".webp", ".woff", ".woff2", ".ttf", ".eot", ".otf", ".pdf", ".webmanifest", "/robots.txt",
	} {
		if strings.HasSuffix(path, ext) {
			return true
		}
	}
	return false
}
