package effective

import "maps"

// assigned are the variables of a request that have a value of their own.
// Requests that were one once share what was assigned until then.
type assigned struct {
	own   map[string]val
	under *assigned // what is not in own; it changes no more
}

// fewAssigned is the number of variables up to which a fork copies them.
const fewAssigned = 16

func (a *assigned) get(name string) (val, bool) {
	for ; a != nil; a = a.under {
		if v, ok := a.own[name]; ok {
			return v, true
		}
	}
	return val{}, false
}

func (a *assigned) set(name string, v val) {
	if a.own == nil {
		a.own = make(map[string]val)
	}
	a.own[name] = v
}

// fork returns two that hold the same and are assigned to apart. a itself is to be
// used no more.
func (a *assigned) fork() (one, other *assigned) {
	switch {
	case a == nil:
		return nil, nil
	case len(a.own) <= fewAssigned:
		return a, &assigned{own: maps.Clone(a.own), under: a.under}
	}
	return &assigned{under: a}, &assigned{under: a}
}
