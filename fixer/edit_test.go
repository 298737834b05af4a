package fixer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

func edit(f *parser.File, start, end int, text string, rank int) rules.Edit {
	return rules.Edit{File: f, Span: parser.Span{Start: start, End: end}, New: text, Rank: rank}
}

func TestMerge(t *testing.T) {
	f := &parser.File{Name: "a.conf", Src: "0123456789"}
	fix := func(edits ...rules.Edit) *rules.Fix { return &rules.Fix{Edits: edits} }
	at := func(start, end int, text string) rules.Edit { return edit(f, start, end, text, 0) }
	tests := []struct {
		name     string
		fixes    []*rules.Fix
		accepted []bool
		want     string
	}{
		{"nothing", nil, []bool{}, "0123456789"},
		{"insert at both ends", []*rules.Fix{fix(at(10, 10, "z"), at(0, 0, "a"))}, []bool{true}, "a0123456789z"},
		{"replace all", []*rules.Fix{fix(at(0, 10, ""))}, []bool{true}, ""},
		{"rank sorts insertions", []*rules.Fix{fix(edit(f, 5, 5, "b", 2)), fix(edit(f, 5, 5, "c", 1))}, []bool{true, true}, "01234cb56789"},
		{"then text does", []*rules.Fix{fix(at(5, 5, "b")), fix(at(5, 5, "a"))}, []bool{true, true}, "01234ab56789"},
		{"equal insertions coalesce", []*rules.Fix{fix(at(5, 5, "a")), fix(at(5, 5, "a"), at(6, 6, "b"))}, []bool{true, true}, "01234a5b6789"},
		{"the lowest rank of equal ones counts", []*rules.Fix{fix(edit(f, 5, 5, "a", 3), edit(f, 5, 5, "b", 2)), fix(edit(f, 5, 5, "a", 1))}, []bool{true, true}, "01234ab56789"},
		{"equal deletions coalesce", []*rules.Fix{fix(at(3, 6, "")), fix(at(3, 6, ""))}, []bool{true, true}, "0126789"},
		{"equal replacements coalesce", []*rules.Fix{fix(at(3, 6, "x")), fix(at(3, 6, "x"))}, []bool{true, true}, "012x6789"},
		{"different replacements conflict", []*rules.Fix{fix(at(3, 6, "x")), fix(at(3, 6, "y"))}, []bool{true, false}, "012x6789"},
		{"overlaps conflict", []*rules.Fix{fix(at(3, 6, "x")), fix(at(5, 7, "y"))}, []bool{true, false}, "012x6789"},
		{"a span around another conflicts", []*rules.Fix{fix(at(4, 5, "x")), fix(at(3, 6, "y"))}, []bool{true, false}, "0123x56789"},
		{"a span inside another conflicts", []*rules.Fix{fix(at(3, 6, "x")), fix(at(4, 5, "y"))}, []bool{true, false}, "012x6789"},
		{"neighbours do not", []*rules.Fix{fix(at(3, 6, "x")), fix(at(6, 7, "y")), fix(at(2, 3, "z"))}, []bool{true, true, true}, "01zxy789"},
		{"an insertion inside a span conflicts", []*rules.Fix{fix(at(3, 6, "x")), fix(at(4, 4, "y"))}, []bool{true, false}, "012x6789"},
		{"a span around an insertion conflicts", []*rules.Fix{fix(at(4, 4, "y")), fix(at(3, 6, "x"))}, []bool{true, false}, "0123y456789"},
		{"insertions at its edges do not", []*rules.Fix{fix(at(3, 6, "x")), fix(at(3, 3, "<"), at(6, 6, ">"))}, []bool{true, true}, "012<x>6789"},
		{"between two spans", []*rules.Fix{fix(at(3, 6, "x"), at(6, 8, "y")), fix(at(6, 6, "|"))}, []bool{true, true}, "012x|y89"},
		{"whole or not at all", []*rules.Fix{fix(at(3, 6, "x")), fix(at(0, 0, "a"), at(4, 4, "y"))}, []bool{true, false}, "012x6789"},
		{"a later fix may fit again", []*rules.Fix{fix(at(3, 6, "x")), fix(at(5, 9, "")), fix(at(7, 8, ""))}, []bool{true, false, true}, "012x689"},
		{"a fix that fights itself", []*rules.Fix{fix(at(3, 6, "x"), at(4, 7, "y")), fix(at(0, 0, "a"))}, []bool{false, true}, "a0123456789"},
		{"outside the file", []*rules.Fix{fix(at(3, 11, "x")), fix(at(-1, 0, "a")), fix(at(3, 2, "a"))}, []bool{false, false, false}, "0123456789"},
		{"no edits", []*rules.Fix{fix()}, []bool{false}, "0123456789"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			accepted, edits := Merge(test.fixes)
			if !slices.Equal(accepted, test.accepted) {
				t.Errorf("Merge accepted %v, want %v", accepted, test.accepted)
			}
			if got := Apply(f.Src, edits[f.Name]); got != test.want {
				t.Errorf("Apply = %q, want %q", got, test.want)
			}
		})
	}
}

func TestMergeKeepsFilesApart(t *testing.T) {
	a, b := &parser.File{Name: "a", Src: "aaaa"}, &parser.File{Name: "b", Src: "bbbb"}
	accepted, edits := Merge([]*rules.Fix{
		{Edits: []rules.Edit{edit(a, 1, 3, "x", 0)}},
		{Edits: []rules.Edit{edit(b, 2, 4, "y", 0)}},
		{Edits: []rules.Edit{edit(b, 0, 1, "z", 0), edit(a, 2, 4, "w", 0)}},
	})
	if want := []bool{true, true, false}; !slices.Equal(accepted, want) {
		t.Errorf("accepted %v, want %v", accepted, want)
	}
	if got := Apply(a.Src, edits["a"]) + Apply(b.Src, edits["b"]); got != "axabby" {
		t.Errorf("got %q", got)
	}
}

func TestApplyPanicsOnOverlap(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Apply took edits that overlap")
		}
	}()
	Apply("0123", []rules.Edit{edit(nil, 0, 2, "", 0), edit(nil, 1, 3, "", 0)})
}

func TestMoves(t *testing.T) {
	m := newMoves([]rules.Edit{edit(nil, 2, 2, "ab", 0), edit(nil, 4, 7, "x", 0), edit(nil, 7, 7, "cd", 0)})
	for offset, want := range []int{0, 1, 4, 5, 6, 6, 6, 9, 10} {
		if got := m.to(offset); got != want {
			t.Errorf("to(%d) = %d, want %d", offset, got, want)
		}
	}
}

// readFixes makes fixes out of fuzz data: four bytes an edit, the third byte's
// high bits say whether it begins a new fix.
func readFixes(f *parser.File, data []byte) []*rules.Fix {
	texts := []string{"", "a", "b", "a\n", "\xff", "x{", "\r\n", "}"}
	var fixes []*rules.Fix
	for len(data) >= 4 {
		start := int(data[0]) % (len(f.Src) + 1)
		end := min(start+int(data[1])%8, len(f.Src))
		e := edit(f, start, end, texts[data[2]&7], int(data[3]&3))
		if len(fixes) == 0 || data[2] >= 64 {
			fixes = append(fixes, &rules.Fix{})
		}
		last := fixes[len(fixes)-1]
		last.Edits = append(last.Edits, e)
		data = data[4:]
	}
	return fixes
}

func FuzzApply(f *testing.F) {
	f.Add("server {\n\tlisten 80;\r\n}", []byte("\x00\x00\x01\x00\x05\x03\x41\x01\x05\x00\x42\x02"))
	f.Add("", []byte("\x00\x00\x01\x00"))
	f.Add("a\xffb", []byte("\x01\x01\x00\x00\x01\x01\xc0\x00\x01\x00\xc1\x03"))
	f.Fuzz(func(t *testing.T, src string, data []byte) {
		if Apply(src, nil) != src || Apply(src, []rules.Edit{}) != src {
			t.Fatalf("Apply(%q, nothing) changed it", src)
		}
		file := &parser.File{Name: "f", Src: src}
		fixes := readFixes(file, data)
		accepted, edits := Merge(fixes)
		got := Apply(src, edits["f"])

		var in []*rules.Fix
		for i, ok := range accepted {
			if ok {
				in = append(in, fixes[i])
			}
		}
		// The order of the accepted fixes does not matter, nor that of edits.
		rng := rand.New(rand.NewPCG(uint64(len(data)), 1))
		rng.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		again, edits2 := Merge(in)
		if slices.Contains(again, false) {
			t.Fatalf("accepted fixes conflict in another order: %v", again)
		}
		shuffled := slices.Clone(edits2["f"])
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if other := Apply(src, shuffled); other != got {
			t.Fatalf("another order of fixes: %q, want %q", other, got)
		}
		// A second copy of the fixes coalesces with the first.
		if _, twice := Merge(slices.Concat(in, in)); Apply(src, twice["f"]) != got {
			t.Fatalf("fixes made twice differ")
		}
		// What no edit names is kept, in order.
		var kept strings.Builder
		size := len(src)
		for i, c := range []byte(src) {
			if !slices.ContainsFunc(edits["f"], func(e rules.Edit) bool { return e.Span.Contains(i) }) {
				kept.WriteByte(c)
			}
		}
		for _, e := range edits["f"] {
			size += len(e.New) - e.Span.Len()
		}
		if len(got) != size {
			t.Fatalf("Apply made %d bytes, want %d", len(got), size)
		}
		var bare []rules.Edit
		for _, e := range edits["f"] {
			e.New = ""
			bare = append(bare, e)
		}
		if b := Apply(src, bare); b != kept.String() {
			t.Fatalf("kept %q, want %q", b, kept.String())
		}
		// Offsets outside replaced spans lead to the byte that stood there.
		m := newMoves(edits["f"])
		for i := range src {
			if !slices.ContainsFunc(edits["f"], func(e rules.Edit) bool { return e.Span.Contains(i) }) && got[m.to(i)] != src[i] {
				t.Fatalf("offset %d of %q leads to %d of %q", i, src, m.to(i), got)
			}
		}
	})
}

func BenchmarkMergeApply(b *testing.B) {
	file := &parser.File{Name: "f", Src: strings.Repeat("    proxy_pass http://app;\n", 100_000)}
	var fixes []*rules.Fix
	for i := range 5000 {
		at := i * 27 * 20
		fixes = append(fixes, &rules.Fix{Edits: []rules.Edit{edit(file, at, at, "a;\n", 1), edit(file, at, at, "b;\n", 2), edit(file, at+4, at+8, "c", 0)}})
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(file.Src)))
	for b.Loop() {
		_, edits := Merge(fixes)
		Apply(file.Src, edits["f"])
	}
}

// TestCheckOverlaps holds what check says of a fix against a look at each pair of
// its edits.
func TestCheckOverlaps(t *testing.T) {
	file := &parser.File{Name: "a.conf", Src: "0123456789"}
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 20_000 {
		var edits []rules.Edit
		want := false
		for range 1 + random.IntN(5) {
			start := random.IntN(8)
			e := rules.Edit{File: file, Span: parser.Span{Start: start, End: start + random.IntN(3)}, New: []string{"x", "y"}[random.IntN(2)]}
			for _, o := range edits {
				want = want || overlap(o, e) && !equal(o, e)
			}
			edits = append(edits, e)
		}
		if got := check(&rules.Fix{Edits: edits}) != nil; got != want {
			t.Fatalf("check refuses %v: %v, want %v", edits, got, want)
		}
		if want {
			refused++
		}
	}
	if refused < 1000 {
		t.Errorf("only %d of the fixes overlap", refused)
	}
}
