package effective

import "slices"

// notes are sentences about what was met, each once.
type notes struct {
	list []string
	said map[string]bool
	all  []string // what addAll began the list with
	// passed are the ifs that may answer by themselves and were taken not to hold.
	passed []*Scope
}

func (n *notes) add(s string) {
	if n.said == nil {
		n.said = make(map[string]bool)
		for _, have := range n.list {
			n.said[have] = true
		}
	}
	if n.said[s] {
		return
	}
	n.said[s] = true
	n.list = append(n.list, s)
}

// addAll adds sentences that differ from one another; nothing is asked twice of
// those that are the same every time.
func (n *notes) addAll(list []string) {
	switch {
	case n.list == nil:
		n.list = slices.Clip(list)
		n.all = n.list
	case !slices.Equal(n.all, list):
		for _, s := range list {
			n.add(s)
		}
	}
}
