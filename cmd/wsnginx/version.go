package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// version, commit and the day of the commit, as 2026-01-31, are stamped by the
// Makefile and the release build.
var version, commit, date string

// The nginx versions whose behaviour is known: from the first that proxies
// WebSocket to the newest whose source was read.
const oldestKnown, newestKnown = "1.3.13", "1.31"

// versionText returns the stamped version, or what Go knows of the build.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return strings.Trim(info.Main.Version, "()")
	}
	return "devel"
}

// dateText returns the stamped day, or what Go knows of the commit, "" where
// that is nothing.
func dateText() string {
	if info, ok := debug.ReadBuildInfo(); ok && date == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				day, _, _ := strings.Cut(s.Value, "T")
				return day
			}
		}
	}
	return date
}

// versionPage is what "wsnginx --version" prints.
func versionPage() string {
	built := commit
	if info, ok := debug.ReadBuildInfo(); ok {
		settings := map[string]string{}
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		built = cmp.Or(built, settings["vcs.revision"])
		if settings["vcs.modified"] == "true" && commit == "" {
			built += " and changes"
		}
	}
	return fmt.Sprintf("wsnginx %s\ncommit  %s\nbuilt   %s %s/%s\nnginx   %s to %s known; judges for %s unless --nginx-version says otherwise\n",
		versionText(), cmp.Or(built, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		oldestKnown, newestKnown, effective.DefaultVersion)
}
