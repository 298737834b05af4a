package settings

import (
	"slices"

	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// Value is a setting and where it comes from: "FILE:LINE", a flag, or "default".
type Value struct {
	Key, Text, From string
}

// Pattern is a pattern of locations and where it was said.
type Pattern struct {
	Text, From string
}

// State is what applies to one rule.
type State struct {
	Rule *rules.Rule
	On   bool
	From string // what decided On

	Severity     rules.Severity // 0 for the rule's own
	SeverityFrom string

	silenced bool // a severity of "off" decided On
}

// Applied is what applies to a file.
type Applied struct {
	Settings *Settings // nil where there is no settings file

	Rules                          []*rules.Rule
	Severities                     map[string]rules.Severity
	ReadTimeoutMin, ReadTimeoutSet int64          // milliseconds; 0 where nothing is said
	FailOn                         rules.Severity // above rules.Error for never
	Version                        effective.Version
	VersionSaid                    bool // a flag or settings say Version
	Strict                         bool
	// What settings say of locations; the flags are not in here.
	WebSocket, NotWebSocket []Pattern

	States []State // of every rule, in catalogue order
	values []Value // besides rules
}

// say records a value for people.
func (a *Applied) say(key, text, from string) { a.values = append(a.values, Value{key, text, from}) }

// severities are the words of --fail-on and of severity.
var severities = map[string]rules.Severity{
	"info": rules.Info, "warning": rules.Warning, "error": rules.Error, "never": rules.Error + 1,
}

// apply joins defaults, settings, their overrides that hold and flags: what is
// said later wins.
func (r *Resolver) apply(s *Settings, held []int) (*Applied, error) {
	a := &Applied{Settings: s, FailOn: rules.Warning, Version: effective.DefaultVersion, Severities: map[string]rules.Severity{}}
	if s == nil {
		s = &Settings{}
	}
	var overrides []Override
	for _, i := range held {
		overrides = append(overrides, s.Overrides[i])
	}
	if err := a.decide(s, overrides, &r.flags); err != nil {
		return nil, err
	}
	for _, st := range a.States {
		if st.On {
			a.Rules = append(a.Rules, st.Rule)
		}
		if st.Severity != 0 {
			a.Severities[st.Rule.Name] = st.Severity
		}
	}

	failOn, timeout := s.FailOn, s.ReadTimeout
	for _, o := range overrides {
		if o.FailOn.Given() {
			failOn = o.FailOn
		}
		timeout = o.ReadTimeout.within(timeout)
	}
	a.FailOn = severities[a.one(s, "fail-on", r.flags.FailOn, failOn, "warning")]
	if timeout.Min.Given() {
		a.ReadTimeoutMin = duration(timeout.Min, 0).Milliseconds()
	}
	if timeout.Set.Given() {
		a.ReadTimeoutSet = duration(timeout.Set, 0).Milliseconds()
	}
	a.one(s, "read-timeout.min", "", timeout.Min, "5m")
	a.one(s, "read-timeout.set", "", timeout.Set, "24h")

	a.locations(s, overrides, &r.flags)

	version, err := effective.ParseVersion(a.one(s, "nginx-version", r.flags.NginxVersion, s.NginxVersion, a.Version.String()))
	if err != nil {
		return nil, err
	}
	a.Version, a.VersionSaid = version, r.flags.NginxVersion != "" || s.NginxVersion.Given()
	strict := ""
	if r.flags.Strict {
		strict = "true"
	}
	a.Strict = a.one(s, "strict", strict, s.Strict, "false") == "true"
	a.run(s, &r.flags)
	return a, nil
}

// For returns what applies where an image at from says which nginx it is, and
// neither a flag nor settings do.
func (a *Applied) For(version effective.Version, from string) *Applied {
	if a.VersionSaid {
		return a
	}
	b := *a
	b.Version, b.values = version, slices.Clone(a.values)
	for i := range b.values {
		if v := &b.values[i]; v.Key == "nginx-version" {
			v.Text, v.From = version.String(), from
		}
	}
	return &b
}

// one settles a setting that has one value.
func (a *Applied) one(s *Settings, key, flag string, setting Text, otherwise string) string {
	switch {
	case flag != "":
		a.say(key, flag, "--"+key)
		return flag
	case setting.Given():
		a.say(key, setting.Value, s.at(setting))
		return setting.Value
	}
	a.say(key, otherwise, "default")
	return otherwise
}

// locations settles which locations carry WebSocket.
func (a *Applied) locations(s *Settings, overrides []Override, flags *Flags) {
	add := func(key string, to *[]Pattern, flags []string, lists ...[]Text) {
		for _, text := range flags {
			a.say(key, text, "--"+key)
		}
		for _, list := range lists {
			for _, t := range list {
				*to = append(*to, Pattern{t.Value, s.at(t)})
				a.say(key, t.Value, s.at(t))
			}
		}
	}
	yes, no := [][]Text{s.WebSocket}, [][]Text{s.NotWebSocket}
	for _, o := range overrides {
		yes, no = append(yes, o.WebSocket), append(no, o.NotWebSocket)
	}
	add("websocket", &a.WebSocket, flags.WebSocket, yes...)
	add("not-websocket", &a.NotWebSocket, flags.NotWebSocket, no...)
}

// decide settles which rules run and how severe they are.
func (a *Applied) decide(s *Settings, overrides []Override, flags *Flags) error {
	for _, rule := range rules.All() {
		a.States = append(a.States, State{Rule: rule, On: !rule.Advice, From: "default"})
	}
	texts := func(list []Text, on bool) error {
		for _, t := range list {
			if err := a.turn(t.Value, on, s.at(t)); err != nil {
				return err
			}
		}
		return nil
	}
	words := func(list []string, on bool, from string) error {
		for _, w := range list {
			if err := a.turn(w, on, from); err != nil {
				return err
			}
		}
		return nil
	}
	if len(s.Select) > 0 {
		a.none(s.at(s.Select[0]))
	}
	steps := []func() error{
		func() error { return texts(s.Select, true) },
		func() error { return texts(s.ExtendSelect, true) },
		func() error { return texts(s.Ignore, false) },
		func() error { return a.grade(s, s.Severity) },
	}
	for _, o := range overrides {
		steps = append(steps,
			func() error { return texts(o.ExtendSelect, true) },
			func() error { return texts(o.Ignore, false) },
			func() error { return a.grade(s, o.Severity) })
	}
	steps = append(steps,
		func() error {
			if len(flags.Select) > 0 {
				a.none("--select")
			}
			return words(flags.Select, true, "--select")
		},
		func() error { return words(flags.ExtendSelect, true, "--extend-select") },
		func() error { return words(flags.Ignore, false, "--ignore") })
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// none turns every rule off.
func (a *Applied) none(from string) {
	for i := range a.States {
		a.States[i].On, a.States[i].From, a.States[i].silenced = false, from, false
	}
}

// turn turns the rules that a word means on or off.
func (a *Applied) turn(word string, on bool, from string) error {
	return a.meant(word, func(st *State) { st.On, st.From, st.silenced = on, from, false })
}

func (a *Applied) meant(word string, do func(*State)) error {
	chosen, err := rules.Select(rules.Selection{Select: []string{word}})
	if err != nil {
		return err
	}
	for i := range a.States {
		if slices.Contains(chosen, a.States[i].Rule) {
			do(&a.States[i])
		}
	}
	return nil
}

// grade sets severities: those of categories first, since a rule's own name says
// more. "off" turns a rule off until a later severity takes it back.
func (a *Applied) grade(s *Settings, entries []Entry) error {
	for _, named := range []bool{false, true} {
		for _, e := range entries {
			if _, err := rules.Lookup(e.Key.Value); (err == nil) != named {
				continue
			}
			err := a.meant(e.Key.Value, func(st *State) {
				from := s.at(e.Value)
				if e.Value.Value == "off" {
					if st.On {
						st.On, st.From, st.silenced = false, from, true
					}
					return
				}
				if st.silenced {
					st.On, st.From, st.silenced = true, from, false
				}
				st.Severity, st.SeverityFrom = severities[e.Value.Value], from
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
