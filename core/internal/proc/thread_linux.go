//go:build amd64 || arm64

package proc

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// OnOwnThread runs f on a thread of its own, which ends with it.
//
// A tracer is a thread, and wait4 goes by the thread that is the parent. So f
// must stay on one, and the thread must have no child yet: it could be
// that of an os/exec elsewhere in this process, started before the goroutine
// there moved on, and f would collect it. Nor will the first thread do, which
// inherits the children of those that end. A thread that is no good is held
// until f is done, lest the next goroutine gets the same.
func OnOwnThread(f func()) {
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() || hasChild() {
			OnOwnThread(f)
			runtime.UnlockOSThread()
			return
		}
		f()
	}()
	<-done
}

// hasChild reports whether this thread is the parent of a process. It collects
// none.
func hasChild() bool {
	for {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT|unix.WALL|unix.WNOTHREAD, nil)
		if err != unix.EINTR {
			return err != unix.ECHILD
		}
	}
}
