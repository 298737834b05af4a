//go:build !unix

package parser

import (
	"errors"
	"fmt"
	"os"
)

// readRegular reads a regular file. Anything else is refused without being opened.
func readRegular(path string, _ bool) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if why := irregular(info.Mode()); why != "" {
		return "", errors.New(why)
	}
	if info.Size() > maxFileSize {
		return "", fmt.Errorf("is larger than %d MB", maxFileSize>>20)
	}
	text, err := os.ReadFile(path)
	return string(text), err
}
