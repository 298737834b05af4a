package effective

// Options are what a Model depends on besides the configuration.
type Options struct {
	Version      Version  // the nginx version to judge for; zero is DefaultVersion
	Floating     string   // for Model.Floating
	WebSocket    []string // patterns of locations that carry WebSocket; "*" is all
	NotWebSocket []string // patterns of locations that do not
}
