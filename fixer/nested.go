package fixer

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// outermost leaves out the fixes of locations inside a level that is
// mended in the same round: they may inherit what is written there, and need nothing of
// their own. Those that do need it are found again in the next round.
func outermost(findings []rules.Finding) []rules.Finding {
	levels := make([][]*effective.Scope, len(findings))
	mended := map[*effective.Scope][]int{} // by which findings
	for i := range findings {
		levels[i] = levelsOf(&findings[i])
		for _, s := range levels[i] {
			mended[s] = append(mended[s], i)
		}
	}
	var now []rules.Finding
	for i := range findings {
		inside := false
		for _, s := range levels[i] {
			for at := s.Parent; at != nil; at = at.Parent {
				// One fix may write into a server and into a location of it.
				inside = inside || slices.ContainsFunc(mended[at], func(by int) bool { return by != i })
			}
		}
		if !inside {
			now = append(now, findings[i])
		}
	}
	if len(now) == 0 && len(findings) > 0 { // fixes for several locations that wait for one another
		return findings[:1]
	}
	return now
}

// levelsOf returns the levels into whose blocks the finding's fix writes lines that
// those below inherit.
func levelsOf(f *rules.Finding) []*effective.Scope {
	var in []*effective.Scope
	for _, e := range f.Fix.Edits {
		var inner *effective.Scope
		for _, r := range f.Routes {
			for at := r.Scope; at != nil; at = at.Parent {
				b := at.Block
				if b == nil || e.File != b.File || e.Span.Start < b.Body.Start || e.Span.Start > b.Body.End {
					continue // a line may be written right before the closing brace
				}
				if inner == nil || b.Body.Len() < inner.Block.Body.Len() {
					inner = at
				}
				break
			}
		}
		if inner == nil {
			inner = including(f, e)
		}
		if inner != nil && (inner.Kind == effective.Location || inner.Kind == effective.Server || inner.Kind == effective.HTTP && hands(inner, e)) {
			in = append(in, inner)
		}
	}
	return in
}

// hands reports whether an edit in http is of a line that the servers inherit: a map
// is none, nor what stands in one.
func hands(http *effective.Scope, e rules.Edit) bool {
	return !strings.HasPrefix(strings.TrimSpace(e.New), "map ") && !slices.ContainsFunc(http.Items, func(it effective.Item) bool {
		return it.IsBlock() && it.File == e.File && it.Body.Contains(e.Span.Start)
	})
}

// including returns the innermost scope around the finding's routes that includes
// the file which the edit changes, nil where none does.
func including(f *rules.Finding, e rules.Edit) *effective.Scope {
	for _, r := range f.Routes {
		for at := r.Scope; at != nil; at = at.Parent {
			if slices.ContainsFunc(at.Items, func(it effective.Item) bool { return it.Via != at.Via && it.File == e.File && it.Up() == nil }) {
				return at
			}
		}
	}
	return nil
}
