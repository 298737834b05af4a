// Package fixer turns findings into new bytes: it merges and applies the edits
// of fixes, repeats that until nothing changes, prints the difference as a
// unified diff and writes files safely.
//
// What to change is decided by rules; reading and linting is handed in as a
// function. fixer never formats: a byte that no edit names stays as it is.
package fixer
