package parser

import "strings"

// sharpsEnd returns the offset after ##NAME## at i, 0 where that is not what stands
// there. nginx reads a comment where it begins a word: see readTemplate.
func sharpsEnd(s string, i int) int {
	if !strings.HasPrefix(s[i:], "##") {
		return 0
	}
	return enclosed(s, i+1, "##", upperByte)
}

// holdsSharps reports whether ##NAME## stands in a text, and something beside it on
// its line.
func holdsSharps(src string) bool {
	for at := 0; ; {
		i := strings.Index(src[at:], "##")
		if i < 0 {
			return false
		}
		if i += at; sharpsWord(src, i) > 0 {
			return true
		}
		at = i + 1
	}
}

// sharpsWord returns where the ##NAME## ends that begins at i, 0 where none does or it
// has a line to itself, as the heading of a comment has.
func sharpsWord(s string, i int) int {
	end := sharpsEnd(s, i)
	if end == 0 || strings.HasPrefix(s[end:], "#") {
		return 0
	}
	if blankBefore(s, i, " \t\r#") && blankBehind(s, end, " \t\r#") {
		return 0
	}
	return end
}

// blankBefore reports whether nothing but blanks stands before i on its line.
func blankBefore(s string, i int, blanks string) bool {
	for i--; i >= 0 && s[i] != '\n'; i-- {
		if strings.IndexByte(blanks, s[i]) < 0 {
			return false
		}
	}
	return true
}

// blankBehind reports whether nothing but blanks stands from i on to the end of its
// line.
func blankBehind(s string, i int, blanks string) bool {
	for ; i < len(s) && s[i] != '\n'; i++ {
		if strings.IndexByte(blanks, s[i]) < 0 {
			return false
		}
	}
	return true
}
