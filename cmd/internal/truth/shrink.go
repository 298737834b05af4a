package truth

import (
	"slices"
	"strings"
	"time"
)

// shrinkTime bounds how long one sample is made smaller.
const shrinkTime = 60 * time.Second

// shrink makes s smaller for as long as shows still holds: blocks, directives
// and files go, includes are replaced by what they hold, and the layout becomes
// plain.
func shrink(s *sample, shows func(*sample) bool) *sample {
	k := &shrinker{best: s, shows: shows, until: time.Now().Add(shrinkTime)}
	if len(s.tree.extra) > 0 {
		k.try(func(t *tree) bool { t.extra = nil; return true })
	}
	for before := -1; before != k.best.tree.size() && time.Now().Before(k.until); {
		before = k.best.tree.size()
		k.remove()
		k.inline()
	}
	k.try(func(t *tree) bool {
		for _, f := range t.files() {
			f.style = style{indent: "    ", newline: "\n", brace: " ", gap: " "}
		}
		return true
	})
	return k.best
}

type shrinker struct {
	best  *sample
	shows func(*sample) bool
	until time.Time
}

// try keeps a change of the best sample if it still shows what it should.
func (k *shrinker) try(change func(*tree) bool) bool {
	if time.Now().After(k.until) {
		return false
	}
	c := *k.best
	c.tree = k.best.tree.clone()
	if !change(c.tree) || !k.shows(&c) {
		return false
	}
	k.best = &c
	return true
}

// lists returns every list of nodes of the tree, outer ones first.
func (t *tree) lists() []*[]*node {
	var out []*[]*node
	var walk func(*[]*node)
	walk = func(list *[]*node) {
		out = append(out, list)
		for _, n := range *list {
			if n.block {
				walk(&n.kids)
			}
		}
	}
	for _, f := range t.files() {
		walk(&f.nodes)
	}
	return out
}

func (t *tree) size() int {
	n := 0
	for _, l := range t.lists() {
		n += len(*l)
	}
	return n
}

// remove drops runs of nodes, long ones first.
func (k *shrinker) remove() {
	for at := 0; at < len(k.best.tree.lists()); at++ {
		for run := len(*k.best.tree.lists()[at]); run > 0; run /= 2 {
			for from := 0; ; {
				lists := k.best.tree.lists()
				if at >= len(lists) || from >= len(*lists[at]) {
					break
				}
				dropped := k.try(func(t *tree) bool {
					list := t.lists()[at]
					*list = slices.Delete(*list, from, min(from+run, len(*list)))
					return true
				})
				if !dropped {
					from += run
				}
			}
		}
	}
}

// inline puts what files hold in the place of their includes.
func (k *shrinker) inline() {
	for at := 0; at < len(k.best.tree.lists()); at++ {
		for i := 0; i < len(*k.best.tree.lists()[at]); i++ {
			if n := (*k.best.tree.lists()[at])[i]; len(n.files) == 0 {
				continue
			}
			k.try(func(t *tree) bool {
				list := t.lists()[at]
				var nodes []*node
				for _, f := range (*list)[i].files {
					nodes = append(nodes, f.nodes...)
				}
				*list = slices.Concat((*list)[:i], nodes, (*list)[i+1:])
				return true
			})
		}
	}
}

// text shows the files of a tree one after the other.
func (t *tree) text() string {
	var b strings.Builder
	for _, f := range t.files() {
		b.WriteString("    ---- " + f.name + "\n")
		for line := range strings.SplitSeq(strings.TrimSuffix(f.write(), "\n"), "\n") {
			b.WriteString("    " + line + "\n")
		}
	}
	return b.String()
}
