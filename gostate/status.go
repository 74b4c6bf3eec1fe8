package gostate

import "fmt"

// status is g.atomicstatus.
type status uint32

// Source: $GOROOT/src/runtime/runtime2.go, go1.27. The numbers have not changed
// since Go 1.14; leaked and deadextra came with 1.26.
const (
	gIdle      status = 0
	gRunnable  status = 1
	gRunning   status = 2
	gSyscall   status = 3
	gWaiting   status = 4
	gDead      status = 6
	gCopystack status = 8
	gPreempted status = 9
	gLeaked    status = 10
	gDeadExtra status = 11

	gScan status = 0x1000 // or'ed in while the garbage collector has the stack
)

var statusNames = map[status]string{
	gIdle:      "idle",
	gRunnable:  "runnable",
	gRunning:   "running",
	gSyscall:   "syscall",
	gWaiting:   "waiting",
	gDead:      "dead",
	gCopystack: "copystack",
	gPreempted: "preempted",
	gLeaked:    "leaked",
	gDeadExtra: "waiting for cgo callback",
}

// String returns the runtime's word for the status, without the scan bit.
func (s status) String() string {
	if n, ok := statusNames[s&^gScan]; ok {
		return n
	}
	return fmt.Sprintf("unknown(%#x)", uint32(s))
}

// known reports whether a runtime could have written s.
func (s status) known() bool {
	_, ok := statusNames[s&^gScan]
	return ok
}

// dead reports whether the g is unused: it has no stack and no identity.
func (s status) dead() bool {
	s &^= gScan
	return s == gDead || s == gDeadExtra || s == gIdle
}
