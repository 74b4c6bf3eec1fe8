package gostate

import (
	"errors"

	"moho/core"
)

var (
	// ErrNotGo means that the process has no Go runtime that could be found.
	ErrNotGo = errors.New("no Go runtime found")

	// ErrNoText means that the functions of the program cannot be known: there
	// is no executable, and the core does not hold the program's tables.
	ErrNoText = errors.New("the core does not hold the program's text")

	// ErrMismatch means that the executable is not the one that was running. It
	// is the error of package core.
	ErrMismatch = core.ErrMismatch

	// ErrVersion means that no layout table describes what is in memory.
	ErrVersion = errors.New("no layout fits this Go version")
)
