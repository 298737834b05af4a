package parser

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// SkippedDir reports whether a folder of that name holds nothing that somebody
// wrote for this tree: what tools fetch, make and remember. Other hidden folders
// are looked into: .nginx, .docker and .platform hold configuration.
func SkippedDir(name string) bool {
	if strings.HasPrefix(name, ".") && strings.Contains(name+".", "cache.") {
		return true
	}
	return skippedDirs[name]
}

var skippedDirs = set(`node_modules vendor .git .hg .svn .bzr .jj .sl .venv .tox .nox .npm .pnpm-store .yarn .terraform
	.gradle .m2 .cargo .rustup .bundle .next .nuxt .svelte-kit .direnv .local .backup .backups .snapshot .snapshots
	.trash .Trash .old`)

// mayBeSite reports whether a file's name leaves open that it is configuration
// though nothing in it, here in lower case, says so: it has no ending, or it
// ends as the name of a host or a version does. What the file holds decides.
func mayBeSite(name string) bool {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_* ") != "" {
		return false
	}
	ext := filepath.Ext(name)
	if ext == "" {
		return true
	}
	if strings.Contains(name, " ") && strings.Trim(ext[1:], "0123456789") == "" { // PrestaShop 1.7
		return len(ext) > 1
	}
	return len(ext) > 2 && strings.Trim(ext[1:], "abcdefghijklmnopqrstuvwxyz") == "" && !otherExts[ext[1:]]
}

// otherExts are endings that say of a file what else it is. None is needed for
// the result: each spares opening a file.
var otherExts = set(`ada adoc asc asciidoc asm avi avif awk bash bat bats bazel bin bmp br bz bzl cast cer cfg class clj cmake
	cmd coffee cpp crt cs csr csproj css csv cue cxx dart db deb diff dll doc docx dtd ear editorconfig el elm eot eps erl ex
	exe exs fish fs gem gif gitattributes gitignore gitkeep go gpg gql gradle graphql groovy gz har hcl heic hpp hs htm html
	ico iml ini ipynb iso jar java jks jpeg jpg js json jsonc jsonl jsonnet jsx key kt kts less lib lock log lua mak map md mdx
	mjs mod mov mpeg msi nix odt ods ogg otf pas patch pdf pem php pid pl plist pm png po pot pp ppt pptx properties proto
	psd pub py pyc pyi pyx rake rar rb rlib rpm rs rst rtf sass scala scss sh so sol spec sql sqlite srt stories stub sum svg
	svelte swift tar tex tf tfvars tgz tif tiff toml ts tsv tsx ttf txt vb vim vue war wasm wav webm webp woff xhtml xls
	xlsx xml xsd xsl xz yaml yml zig zip zst zsh`)

// isSite reports whether the file at path, whose name says nothing, holds nginx
// configuration beyond doubt.
func (k *disk) isSite(path string) bool { return remembered(k, k.sites, path, readsAsSite) }

func readsAsSite(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	// A first look is enough for most: what does not begin as configuration is none.
	buf := make([]byte, sniffBytes)
	n, err := io.ReadFull(f, buf[:1<<10])
	if n == 0 || !beginsAsNginx(string(buf[:n]), err == nil) {
		return false
	}
	m, _ := io.ReadFull(f, buf[n:])
	text := string(buf[:n+m])
	return opening(text) == "" && !fenced(text) && holdsSite(text)
}

// fenced reports whether a text has a line that begins or ends code in Markdown.
func fenced(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimLeft(line, " \t"); strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			return true
		}
	}
	return false
}

// beginsAsNginx reports whether the first word of a text may be a directive's.
// Where the text goes on, comments alone leave it open.
func beginsAsNginx(text string, goesOn bool) bool {
	if strings.HasPrefix(text, "#!") || strings.IndexByte(text, 0) >= 0 {
		return false
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#', strings.HasPrefix(line, "{{"), strings.HasPrefix(line, "{%"), strings.HasPrefix(line, "<%"):
			continue
		}
		return mayBegin(line[:nameEnd(line, 0, wordByte)])
	}
	return goesOn
}

// holdsSite reports whether a text is nginx configuration to its end: all that
// stands at its top is nginx's, and among it is a block that only nginx has, with
// a directive in it.
func holdsSite(text string) bool {
	if !looksLikeNginx(text) {
		return false
	}
	block := false
	for _, d := range parseText("", text).Directives {
		if !mayBegin(d.Head.Value) {
			return false
		}
		switch d.Head.Value {
		case "server", "http", "stream", "upstream", "location":
			for _, in := range d.Children {
				block = block || mayBegin(in.Head.Value) && (len(in.Args) == 0 || in.Args[0].Value != "=" || in.IsBlock())
			}
		}
	}
	return block
}

// mayBegin reports whether a statement of nginx's may begin with a word.
func mayBegin(word string) bool { return strongName(word) || weakNames[word] }
