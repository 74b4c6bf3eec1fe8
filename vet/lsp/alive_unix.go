//go:build unix

package lsp

import (
	"errors"
	"syscall"
)

// alive reports whether there is a process; one of another user's is one too.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
