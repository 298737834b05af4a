package effective

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		// Read off nginx's debug log.
		{"60", 60 * time.Second, true},
		{"60s", 60 * time.Second, true},
		{"1m", time.Minute, true},
		{"1h", time.Hour, true},
		{"1d", 24 * time.Hour, true},
		{"1w", 7 * 24 * time.Hour, true},
		{"1h30m", 90 * time.Minute, true},
		{"1h 30m", 90 * time.Minute, true},
		{"1h30", time.Hour + 30*time.Second, true},
		{"1m1", 61 * time.Second, true},
		{"500ms", 500 * ms, true},
		{"1s500ms", 1500 * ms, true},
		{" 60", 60 * time.Second, true},
		{"60 ", 60 * time.Second, true},
		{"30 20", 50 * time.Second, true},
		{"1hms", time.Hour, true},
		{"0", 0, true},
		{"0s", 0, true},
		{"106751991167d", 1<<63 - 1, true},
		{"9223372036854775807ms", 1<<63 - 1, true},
		{"9223372036854775", 1<<63 - 1, true},
		// What nginx calls an invalid value.
		{"", 0, false},
		{"-1", 0, false},
		{"+60", 0, false},
		{"1.5h", 0, false},
		{"60S", 0, false},
		{"60sec", 0, false},
		{"1H", 0, false},
		{"1M", 0, false},
		{"1y", 0, false},
		{"1h1h", 0, false},
		{"30s1h", 0, false},
		{"1ms1s", 0, false},
		{"60 s", 0, false},
		{"h", 0, false},
		{"ms", 0, false},
		{"off", 0, false},
		{"$t", 0, false},
		{"1us", 0, false},
		{"1\t", 0, false},
		{"9223372036854776", 0, false},
		{"9223372036854775808ms", 0, false},
		{"106751991168d", 0, false},
	} {
		got, ok := ParseTime(tt.in)
		if ok != tt.ok || got != tt.want {
			t.Errorf("ParseTime(%q) = %v, %v, want %v, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}
