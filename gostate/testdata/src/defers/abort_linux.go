package main

import (
	"syscall"
	"unsafe"
)

// abort dies of a signal that the runtime does not get to see.
func abort() {
	var sa struct{ handler, flags, restorer, mask uint64 }
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGABRT), uintptr(unsafe.Pointer(&sa)), 0, 8, 0, 0)
	syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	select {}
}
