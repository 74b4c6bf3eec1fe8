//go:build linux && (amd64 || arm64)

package capture_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"moho/core/capture"
)

// TestPtraceDenied runs where ptrace is forbidden by a seccomp filter, as in
// containers of older Docker releases.
func TestPtraceDenied(t *testing.T) {
	if os.Getenv("MOHO_TEST_DENIED") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPtraceDenied$")
		cmd.Env = append(os.Environ(), "MOHO_TEST_DENIED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_PTRACE, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, e := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e != 0 {
		t.Fatal(e)
	}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog))); e != 0 {
		t.Fatal(e)
	}
	r, _, err := run(t, t.TempDir(), capture.Options{}, "/bin/true")
	if !errors.Is(err, capture.ErrUnsupported) || !errors.Is(err, unix.EPERM) {
		t.Errorf("%+v, %v, want ErrUnsupported", r, err)
	}
}
