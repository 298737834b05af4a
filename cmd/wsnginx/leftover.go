package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/fixer"
)

// settleLeftovers says what interrupted runs left among the files that were
// read and, where this run writes, ends it.
func (f *fixing) settleLeftovers(write bool) error {
	ctx, stop := untilSignal() // a file being restored is no place to stop
	defer stop()
	names := map[string]string{} // by path
	var dirs []string
	for _, config := range f.input.workspace.Configs {
		for _, file := range config.Files {
			path := realPath(file.Name)
			if names[path] == "" {
				names[path] = file.Name
				dirs = append(dirs, filepath.Dir(path))
			}
		}
	}
	slices.Sort(dirs)
	mine := f.names()
	overlay := map[string]string{}
	for _, dir := range slices.Compact(dirs) {
		left, err := fixer.ReadJournal(filepath.Join(dir, fixer.JournalName))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil && !write:
			continue // the run that writes says it
		case err != nil:
			return fmt.Errorf("fix: %w", err)
		case !write:
			left.Close()
			f.program.say("%s; fix --write settles that", f.describeLeft(left))
			continue
		}
		err = left.Settle(ctx, func(path string) bool { return mine(names[path]) })
		if err != nil {
			return fmt.Errorf("fix: %s; it cannot be undone here: %w", f.describeLeft(left), err)
		}
		f.program.say("%s; %s", f.describeLeft(left), f.outcome(left))
		for _, file := range left.Files {
			if name := names[file.Path]; name != "" && file.State == fixer.After && !left.Finished() {
				b, err := os.ReadFile(file.Path)
				if err != nil {
					return fmt.Errorf("fix: read again what was restored: %w", err)
				}
				overlay[name] = string(b)
			}
		}
	}
	if len(overlay) > 0 {
		f.input.workspace = f.input.workspace.With(overlay)
	}
	return nil
}

// describeLeft says what an interrupted run left.
func (f *fixing) describeLeft(left *fixer.Leftover) string {
	journal := f.style.Name(left.Journal)
	switch {
	case left.Damaged != nil:
		return fmt.Sprintf("%s, of an interrupted fix, cannot be understood (%v)", journal, left.Damaged)
	case left.CutOff:
		return fmt.Sprintf("a fix was interrupted before it changed a file (%s)", journal)
	}
	var parts []string
	for _, state := range []struct {
		fixer.State
		words string
	}{{fixer.After, "new"}, {fixer.Before, "as before"}, {fixer.Other, "changed since"}} {
		if files := f.leftIn(left, state.State); files != "" {
			parts = append(parts, state.words+": "+files)
		}
	}
	return fmt.Sprintf("a fix was interrupted (%s); %s", journal, strings.Join(parts, "; "))
}

// leftIn lists the files that are in a state.
func (f *fixing) leftIn(left *fixer.Leftover, state fixer.State) string {
	var names []string
	for _, file := range left.Files {
		if file.State == state {
			names = append(names, f.style.Name(file.Path))
		}
	}
	return few(names)
}

// outcome says what was done about it.
func (f *fixing) outcome(left *fixer.Leftover) string {
	kept := ""
	if left.Aside != "" {
		kept = fmt.Sprintf("the journal, with the old bytes in it, is now %s", f.style.Name(left.Aside))
	}
	switch {
	case left.Damaged != nil:
		return kept
	case left.CutOff:
		return "nothing was left to restore"
	case left.Finished():
		return "all of it was done, and is kept"
	case f.leftIn(left, fixer.After) == "" && kept != "":
		return kept
	case f.leftIn(left, fixer.After) == "":
		return "nothing was left to restore"
	case kept != "":
		return "the new ones were restored; " + kept
	}
	return "the new ones were restored"
}
