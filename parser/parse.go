package parser

import (
	"sort"
	"strings"

	"github.com/tufanbarisyildirim/gonginx/config"
)

const (
	// maxDepth bounds how deep blocks may nest, so that nothing that walks
	// the tree can exhaust the stack.
	maxDepth = 2000
	// maxErrors bounds how many errors are kept of one file.
	maxErrors = 50
)

// wordBlocks are the blocks whose body holds words ended by ';' and no block:
// nginx reads them with a handler of their own (cf->handler).
var wordBlocks = map[string]bool{
	"types": true, "map": true, "geo": true, "split_clients": true, "charset_map": true,
}

// includingBlocks are the blocks of words whose handler knows include.
var includingBlocks = map[string]bool{"types": true, "map": true, "geo": true}

// blockDirectives are directives that nginx refuses without a block. The list
// holds those whose missing "{" would change how the rest of the file reads.
var blockDirectives = map[string]bool{
	"http": true, "events": true, "stream": true, "mail": true, "location": true,
	"if": true, "upstream": true, "map": true, "geo": true, "split_clients": true,
	"types": true, "charset_map": true, "limit_except": true,
}

// simpleDirectives are directives that nginx refuses with a block: mostly a
// line before a block that lost its ';'.
var simpleDirectives = set(`listen server_name root alias index include return rewrite set access_log error_log
	log_format add_header expires try_files error_page default_type allow deny satisfy resolver
	sendfile tcp_nopush tcp_nodelay gzip charset user pid daemon internal autoindex etag
	keepalive_timeout keepalive_requests client_max_body_size client_body_timeout
	worker_processes worker_connections use multi_accept load_module ip_hash least_conn break`)

// isSimple reports whether a directive is known to take no block.
func isSimple(name string) bool {
	for _, prefix := range []string{"proxy_", "fastcgi_", "uwsgi_", "scgi_", "grpc_", "ssl_"} {
		if strings.HasPrefix(name, prefix) {
			return !strings.HasSuffix(name, "_block")
		}
	}
	return simpleDirectives[name]
}

// Parse reads one file. It always returns a File: what nginx would refuse is in
// its Errors, and the tree holds what could be read all the same.
func Parse(name string, src []byte) *File { return parseText(name, string(src)) }

func parseText(name, src string) *File { return parseAs(name, src, reading{}, nil) }

// parseAs reads a file. What the tree is made of comes from st, which may be nil.
func parseAs(name, src string, as reading, st *store) *File {
	span := as.span(src)
	text := src[span.Start:span.End]
	p := newParsing(name, src, span, st)
	p.file.readAs(as)
	p.finishFile()
	if as.part != nil && text == "" {
		p.errorAt(span.Start, "the configuration that stood here is gone")
	}
	if p.odd || isMako(name) || len(p.file.Errors) > 0 || strings.Contains(text, "<%") || strings.Contains(text, `\$`) || strings.Contains(text, "$$") || as.part != nil && as.part.in.doubled || strings.Contains(text, "${") && templateDollar(text) != "" || holdsSeveral(text) || nixpacksTags(text, 0) != nil {
		if f := readTemplate(p.file, span); f != nil {
			return f
		}
	}
	return p.file
}

// newParsing begins to read a file of the bytes src, whose configuration stands in
// span.
func newParsing(name, src string, span Span, st *store) *parsing {
	if st == nil {
		st = &store{size: min(2+span.Len()/64, storeSize)}
	}
	p := &parsing{file: &File{Name: name, Src: src, end: span.End, lines: &lineTable{src: src}}, store: st}
	p.scan = NewScanner(src[:span.End], p.errorAt)
	p.scan.pos = span.Start
	return p
}

// finishFile reads the whole file.
func (p *parsing) finishFile() {
	start := p.scan.pos
	p.run()
	p.conflicts(start)
	sort.SliceStable(p.file.Errors, func(i, j int) bool { return p.file.Errors[i].Offset < p.file.Errors[j].Offset })
}

// parsing is the state of reading one file.
type parsing struct {
	file *File
	scan *Scanner

	open     []openBlock  // the blocks around the current position
	children []*Directive // finished children of the open blocks, innermost last

	line, lineAt int // the line number of offset lineAt

	comments []string   // comments on lines of their own before the next directive
	cur      *Directive // the directive whose words are being read
	inline   []config.InlineComment
	last     *Directive // the directive that ended last, for a comment on its line
	lastEnd  int        // where its last line begins to matter

	*store

	args   []Word             // of cur
	values []config.Parameter // of cur

	odd bool // a statement begins with what may be a template's

	template   *templateInfo // nil for plain nginx
	arm        *Arm          // of the current position
	headArm    *Arm          // of cur
	conditions []openArm     // those around the current position
	toggled    bool          // a tag before the directive that comes may comment it out
	marked     bool          // an arm of the innermost condition ends with the mark of a comment
	dollar     string        // File.Dollar
	restored   int           // directives that were taken up again by restore
}

// openBlock is a block that waits for its '}'.
type openBlock struct {
	dir   *Directive
	first int // index in parsing.children of its first child
	words bool
	heads []otherHead // of a template: the blocks of other arms with this body
	since int         // how many directives the file had when they were found
}

func (p *parsing) errorAt(offset int, msg string) {
	if len(p.file.Errors) >= maxErrors {
		return
	}
	pos := p.file.Position(offset)
	p.file.Errors = append(p.file.Errors, &SyntaxError{File: p.file.Name, Line: pos.Line, Column: pos.Column, Offset: offset, Msg: msg})
}

func (p *parsing) run() {
	p.line = 1
	for {
		switch t := p.scan.Next(); t.Kind {
		case Space:
		case Comment:
			p.comment(t.Span)
		case Tag:
			p.tagToken(t.Span)
		case WordToken:
			p.word(t.Span)
		case Semicolon:
			p.endSimple(t.Span)
		case BlockStart:
			if !p.startBlock(t.Span) {
				return
			}
		case BlockEnd:
			p.endBlock(t.Span)
		case EOF:
			p.endFile()
			return
		}
	}
}

// lineOf returns the line of an offset at or after the last one asked for.
func (p *parsing) lineOf(offset int) int {
	p.line += strings.Count(p.file.Src[p.lineAt:offset], "\n")
	p.lineAt = offset
	return p.line
}

func (p *parsing) comment(s Span) {
	p.file.Comments = append(p.file.Comments, s)
	text := p.file.Src[s.Start:s.End]
	if p.template != nil {
		p.commentTags(s)
		p.marked = p.arm != nil && strings.TrimRight(text, " \t") == "#" && s.End < len(p.file.Src) && beginsTag(p.file.Src[s.End])
	}
	switch {
	case p.cur != nil:
		p.inline = append(p.inline, config.InlineComment{Value: text, RelativeLineIndex: p.lineOf(s.Start) - p.cur.Line})
	case p.last != nil && !strings.Contains(p.file.Src[p.lastEnd:s.Start], "\n"):
		p.last.SetInlineComment(config.InlineComment{Value: text, RelativeLineIndex: p.lineOf(s.Start) - p.last.Line})
	default:
		p.comments = append(p.comments, text)
	}
}

// byteOrderMark is U+FEFF in UTF-8, which some editors write first.
const byteOrderMark = "\xEF\xBB\xBF"

func (p *parsing) word(s Span) {
	raw := p.file.Src[s.Start:s.End]
	if s.Start == 0 && strings.HasPrefix(raw, byteOrderMark) {
		// nginx takes the mark for the beginning of a name. What fills
		// in a template takes it away.
		raw = raw[len(byteOrderMark):]
		if p.template == nil {
			p.errorAt(0, `unknown directive "\xEF\xBB\xBF`+raw+`" (the file begins with a byte order mark; save it without)`)
		}
		if raw == "" || raw[0] == '#' {
			return
		}
		s.Start = len(byteOrderMark)
	}
	w := Word{s, unquote(raw)}
	if p.dollar != "" {
		w.Value = strings.ReplaceAll(w.Value, p.dollar, dollarIn(p.dollar))
	}
	if p.scan.tagged != nil && p.scan.tagged.doubled {
		w.Value = single.Replace(w.Value)
	}
	if t := p.scan.tagged; t != nil && t.mako && !t.isRaw(s.Start) {
		w.Value = makoValue(w.Value)
	}
	line := p.lineOf(s.Start)
	if p.cur != nil {
		p.args = append(p.args, w)
		p.values = append(p.values, config.Parameter{Value: raw, RelativeLineIndex: line - p.cur.Line})
		return
	}
	d := p.directive()
	d.File, d.Span, d.Head = p.file, s, w
	d.Name, d.Line = raw, line
	if len(p.comments) > 0 {
		d.Comment, p.comments = p.comments, nil
	}
	p.cur = d
	p.args, p.values = p.args[:0], p.values[:0]
	if p.template != nil {
		p.headArm = p.armFor()
	} else if c := raw[0]; c < 'a' && c != '"' && c != '\'' || c > 'z' {
		p.odd = p.odd || p.knownBlock()
	}
}

// finish ends the words of the current directive at offset end and returns it,
// or nil where there were none.
func (p *parsing) finish(end int) *Directive {
	d := p.cur
	if d == nil {
		return nil
	}
	p.cur = nil
	d.Span.End = end
	d.Args = carve(&p.words, p.args, p.size)
	d.Parameters = carve(&p.params, p.values, p.size)
	if len(p.inline) > 0 {
		d.InlineComment, p.inline = p.inline, nil
	}
	if n := len(p.open); n > 0 {
		d.Parent = p.open[n-1].dir
	}
	p.children = append(p.children, d)
	p.file.count++
	p.last, p.lastEnd = d, end
	if p.template != nil {
		p.record(d)
	}
	return d
}

// wordBlock returns the name of the innermost block where it is one of words, "" in
// all others. A file that is included in such a block stands for more of it.
func (p *parsing) wordBlock() string {
	if len(p.open) == 0 {
		return p.file.as.words
	}
	if top := &p.open[len(p.open)-1]; top.words {
		return top.dir.Head.Value
	}
	return ""
}

func (p *parsing) endSimple(s Span) {
	d := p.finish(s.End)
	if d == nil {
		return
	}
	words := p.wordBlock()
	switch name := d.Head.Value; {
	case name == "include" && (words == "" || len(d.Args) == 1 && includingBlocks[words]):
		p.file.includes = append(p.file.includes, d)
	case blockDirectives[name] && words == "":
		p.errorAt(s.Start, `directive "`+name+`" has no opening "{"`)
	default:
		p.unknownHead(d, false)
	}
}

// startBlock opens the block of the current directive. It returns false where
// blocks nest too deep to go on.
func (p *parsing) startBlock(s Span) bool {
	words := p.wordBlock() != ""
	if words && p.cur != nil {
		p.errorAt(s.Start, `unexpected "{"`)
	}
	d := p.finish(s.End)
	if d == nil { // reported by the scanner: a block without a name
		d = &Directive{Directive: &config.Directive{Line: p.lineOf(s.Start)}, File: p.file, Span: s}
		d.Head.Span = Span{s.Start, s.Start}
		if n := len(p.open); n > 0 {
			d.Parent = p.open[n-1].dir
		}
		p.children = append(p.children, d)
		p.file.count++
	}
	p.last = nil
	d.Body = Span{s.End, s.End}
	name := d.Head.Value
	if !words && isSimple(name) {
		p.errorAt(s.Start, `directive "`+name+`" is not terminated by ";"`)
		p.hint(s.Start, p.brokenLine(d))
	} else {
		p.unknownHead(d, true)
	}
	if !words && strings.HasSuffix(name, "_by_lua_block") {
		p.scan.ExpectLua()
	}
	if len(p.open) == maxDepth {
		p.errorAt(s.Start, "blocks nest too deep")
		p.unwind(s.End)
		return false
	}
	p.open = append(p.open, openBlock{dir: d, first: len(p.children), words: words || wordBlocks[name] && len(d.Args) > 0 || name == "types"})
	p.setHeads()
	return true
}

func (p *parsing) endBlock(s Span) {
	if p.cur != nil { // reported by the scanner: the last directive has no ';'
		p.hint(s.Start, p.unended(p.finish(s.Start)))
	}
	if len(p.open) == 0 {
		p.errorAt(s.Start, `unexpected "}"`)
		p.hint(s.Start, "every block is closed already")
		return
	}
	d := p.closeBlock(s.Start)
	d.Span.End = s.End
	p.last, p.lastEnd = d, s.End
	p.setHeads()
}

// closeBlock ends the innermost block, its body reaching up to end.
func (p *parsing) closeBlock(end int) *Directive {
	top := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	d := top.dir
	d.Body.End = end
	kids := p.children[top.first:]
	block := p.block(d)
	if strings.HasSuffix(d.Head.Value, "_by_lua_block") && len(kids) == 0 {
		block.IsLuaBlock = true
		block.LiteralCode = p.file.Src[d.Body.Start:d.Body.End]
	}
	d.Children = carve(&p.pointers, kids, p.size)
	if len(kids) > 0 {
		block.Directives = p.interfaces(kids)
	}
	p.children = p.children[:top.first]
	d.Block = block
	if len(top.heads) > 0 {
		p.shareBody(top)
	}
	if len(p.comments) > 0 { // comments at the end of a block belong to no directive
		p.comments = nil
	}
	return d
}

func (p *parsing) endFile() {
	end := p.file.end
	if p.cur != nil {
		if !p.scan.gaveUp {
			p.errorAt(end, `unexpected end of file, expecting ";" or "}"`)
		}
		p.finish(end)
	} else if len(p.open) > 0 && !p.scan.gaveUp {
		p.errorAt(end, `unexpected end of file, expecting "}"`)
		p.hint(end, p.unclosed(p.open[len(p.open)-1].dir))
	}
	p.unwind(end)
}

// unwind closes every open block at end.
func (p *parsing) unwind(end int) {
	for len(p.open) > 0 {
		p.closeBlock(end).Span.End = end
	}
	p.file.Directives = append([]*Directive(nil), p.children...)
}
