//go:build unix

package parser

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

// readRegular reads a regular file. Anything else is refused without being
// opened: a FIFO would wait for ever; known says that the file was seen to be
// regular. It makes the system calls itself, for a tree is thousands of small files,
// and those with which os prepares a file for waiting cost more than the reading.
func readRegular(path string, known bool) (string, error) {
	var info syscall.Stat_t
	if !known {
		if err := again(func() error { return syscall.Stat(path, &info) }); err != nil {
			return "", &fs.PathError{Op: "stat", Path: path, Err: err}
		}
		if info.Mode&syscall.S_IFMT != syscall.S_IFREG {
			return "", notRegular(path)
		}
	}
	fd := -1
	err := again(func() (err error) {
		fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return "", &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd) //nolint:errcheck // nothing was written
	if err := again(func() error { return syscall.Fstat(fd, &info) }); err != nil {
		return "", &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	switch {
	case info.Mode&syscall.S_IFMT != syscall.S_IFREG:
		return "", notRegular(path)
	case info.Size > maxFileSize:
		return "", fmt.Errorf("is larger than %d MB", maxFileSize>>20)
	}
	room := info.Size + 1
	if info.Size == 0 { // or what /proc says of files that are made when they are read
		room = 4096
	}
	text := make([]byte, room)
	for n := 0; ; {
		got := 0
		err := again(func() (err error) {
			got, err = syscall.Read(fd, text[n:])
			return err
		})
		if err != nil {
			return "", &fs.PathError{Op: "read", Path: path, Err: err}
		}
		n += got
		// A short read is the end of a file as long as it was a moment ago.
		if got == 0 || n > 0 && n == int(info.Size) {
			return unsafe.String(unsafe.SliceData(text), n), nil
		}
		if n > maxFileSize {
			return "", fmt.Errorf("is larger than %d MB", maxFileSize>>20)
		}
		if n == len(text) {
			text = append(text, make([]byte, n)...)
		}
	}
}

// notRegular says what lies at path instead of a regular file.
func notRegular(path string) error {
	stat, err := os.Stat(path)
	if err != nil {
		return err
	}
	why := irregular(stat.Mode())
	if why == "" { // it was swapped meanwhile
		why = irregular(fs.ModeIrregular)
	}
	return errors.New(why)
}

// again makes a system call until no signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
