package main

import (
	"fmt"
	"testing"

	"github.com/wsnginx/wsnginx/fixer"
)

// What an interrupted fix left is one line, however many files it was about.
func TestDescribeLeft(t *testing.T) {
	f := &fixing{input: &input{}}
	left := &fixer.Leftover{Journal: "conf.d/.wsnginx-journal"}
	for i := range 1500 {
		left.Files = append(left.Files, fixer.LeftFile{Path: fmt.Sprintf("conf.d/%d.conf", i), State: fixer.After})
	}
	left.Files[1].State = fixer.Other
	const want = "a fix was interrupted (conf.d/.wsnginx-journal); new: conf.d/0.conf, conf.d/2.conf, conf.d/3.conf, 1496 more; changed since: conf.d/1.conf"
	if got := f.describeLeft(left); got != want {
		t.Errorf("describeLeft = %q, want %q", got, want)
	}
}
