package rules

import "testing"

func TestMeantFor(t *testing.T) {
	for _, s := range []string{"HOST:PORT", "YOUR_PORT", "your-port", "BACKEND_URL", "XXs", "XXXm", "VERSION", "CHANGE_ME", "your_backend_here"} {
		if !meantFor(s) {
			t.Errorf("meantFor(%q) = false", s)
		}
	}
	for _, s := range []string{"", "60SEC", "YES", "ON", "HTTP/1.1", "backend", "http", "X", "1.1", "TLSv1.4", "60x", "TRUE"} {
		if meantFor(s) {
			t.Errorf("meantFor(%q) = true", s)
		}
	}
}
