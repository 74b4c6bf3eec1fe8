//go:build linux && (amd64 || arm64)

package live_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"moho/core/internal/proc"
	"moho/core/live"
	"moho/internal/testbin"
)

// TestDeleted reads a program whose file is gone.
func TestDeleted(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "gone")
	b, err := os.ReadFile(alive(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, b, 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, exe, "10")
	if err := os.Remove(exe); err != nil {
		t.Fatal(err)
	}
	s, err := live.Take(t.Context(), p.pid, live.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if st, err := s.Exe.Stat(); err != nil || st.Size() != int64(len(b)) || s.ExePath != exe+" (deleted)" {
		t.Errorf("%s: %v, want %d bytes", s.ExePath, err, len(b))
	}
}

// TestRefused: why a process can't be read, and what to do about it.
func TestRefused(t *testing.T) {
	zombie := exec.Command("true")
	if err := zombie.Start(); err != nil {
		t.Fatal(err)
	}
	defer zombie.Wait()
	for {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", zombie.Process.Pid)); strings.Contains(string(b), ") Z ") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	p := start(t, alive(t), "1")
	cases := []struct {
		name       string
		pid        int
		says, hint string
		is         error
	}{
		{"nobody", 1<<22 + 1, "there is no such process", "", unix.ESRCH},
		{"itself", os.Getpid(), "this process", "", proc.ErrSelf},
		{"a zombie", zombie.Process.Pid, "zombie", fmt.Sprintf("parent, process %d", os.Getpid()), unix.ESRCH},
		{"a thread", tids(t, p.pid)[1], fmt.Sprintf("thread of process %d", p.pid), fmt.Sprintf("give the process: %d", p.pid), nil},
	}
	if b, err := os.ReadFile("/proc/2/stat"); err == nil && strings.Contains(string(b), "(kthreadd)") {
		cases = append(cases, cases[0])
		c := &cases[len(cases)-1]
		c.name, c.pid, c.says, c.is = "a thread of the kernel", 2, "thread of the kernel (kthreadd)", unix.EPERM
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := live.Take(t.Context(), c.pid, live.Options{})
			if s != nil || err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if got := live.Advice(err); !strings.Contains(got, c.hint) || c.hint == "" && got != "" {
				t.Errorf("advice %q, want %q", got, c.hint)
			}
		})
	}
	t.Run("traced", func(t *testing.T) {
		proc.OnOwnThread(func() {
			all, err := proc.Stop(t.Context(), p.pid)
			if err != nil {
				t.Error(err)
				return
			}
			defer all.Resume()
			if len(all.TIDs()) != len(tids(t, p.pid)) || len(all.Deaf()) != 0 {
				t.Errorf("threads %v, deaf %v", all.TIDs(), all.Deaf())
			}
			s, err := live.Take(t.Context(), p.pid, live.Options{})
			if s != nil || !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), fmt.Sprintf("traced by process %d (", os.Getpid())) {
				t.Errorf("traced: %v", err)
			}
		})
	})
	p.answers(t)
}

// TestOtherUser runs as somebody who may not.
func TestOtherUser(t *testing.T) {
	if pid := os.Getenv("MOHO_TEST_TAKE"); pid != "" {
		n, _ := strconv.Atoi(pid)
		_, err := live.Take(t.Context(), n, live.Options{})
		fmt.Printf("error: %v\nadvice: %s\n", err, live.Advice(err))
		return
	}
	if os.Getuid() != 0 {
		testbin.Missing(t, "root, to become somebody else")
	}
	p := start(t, alive(t), "1")
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestOtherUser$") // a copy that anybody may run
	cmd.Path = copyOf(t, os.Args[0])
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), fmt.Sprintf("MOHO_TEST_TAKE=%d", p.pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"belongs to another user (uid 0, this is uid 65534)", "advice: run moho as root or with CAP_SYS_PTRACE, or as that user"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: want %q in\n%s", err, want, out)
		}
	}
	p.answers(t)
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "moho-live")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "test")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return out
}

// Test32Bit: a program for another word size is told apart before it is touched.
func Test32Bit(t *testing.T) {
	if b, err := os.ReadFile(alive(t)); err != nil || b[4] != 2 {
		t.Fatal("the program that tests read is not of 64 bits")
	}
	exe := testbin.Build(t, testbin.Dir(t, "../testdata/src/alive"), testbin.Config{GOARCH: "386"})
	if out, err := exec.Command(exe, "0").CombinedOutput(); err != nil {
		testbin.Missing(t, fmt.Sprintf("a kernel that runs 32-bit programs: %v %s", err, out))
	}
	p := start(t, exe, "1")
	if s, err := live.Take(t.Context(), p.pid, live.Options{}); s != nil || err == nil || !strings.Contains(err.Error(), "32-bit") {
		t.Errorf("%v", err)
	}
	p.answers(t)
}

// TestDeaf: a thread that stops for nobody delays the others little, is let go
// of, and missing from the snapshot, which says so.
func TestDeaf(t *testing.T) {
	exe := testbin.Build(t, testbin.Dir(t, "../testdata/src/vforks"), testbin.Config{CGO: true})
	p := start(t, exe)
	s, err := live.Take(t.Context(), p.pid, live.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p.check(t, s.Process)
	for range 1000 { // it was let go of when the thread that traced it ended
		if slices.Equal(field(t, p.pid, "TracerPid"), []string{"0"}) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	free(t, p.pid)
	gaps := s.Process.Gaps()
	if len(gaps) != 1 || gaps[0].What != "registers" || len(s.Process.Threads()) != s.Threads || s.Threads != len(tids(t, p.pid))-1 {
		t.Errorf("%d of %d threads, gaps %v", len(s.Process.Threads()), len(tids(t, p.pid)), gaps)
	}
	t.Logf("stopped for %v", s.Pause)
}
