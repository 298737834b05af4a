package parser

import "strings"

// firstWord returns the word that a text begins with, if what follows it parts
// it from the rest, and the rest.
func firstWord(text string) (word, rest string) {
	n := nameEnd(text, 0, wordByte)
	if n < len(text) && strings.IndexByte(" \t\r\n(\"'$", text[n]) < 0 {
		return "", text
	}
	return text[:n], strings.TrimSpace(text[n:])
}

// nameEnd returns the offset of the first byte from i on that is not of a name.
func nameEnd(s string, i int, is func(byte) bool) int {
	for i < len(s) && is(s[i]) {
		i++
	}
	return i
}

func upperByte(c byte) bool { return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func lowerByte(c byte) bool { return 'a' <= c && c <= 'z' || c == '_' }

func wordByte(c byte) bool { return upperByte(c) || 'a' <= c && c <= 'z' }
