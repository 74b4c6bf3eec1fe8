//go:build linux && (amd64 || arm64)

package capture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"moho/core"
	"moho/core/capture"
	"moho/core/coretest"
	"moho/internal/testbin"
)

func program(tb testing.TB) string {
	return testbin.Build(tb, testbin.Dir(tb, "../testdata/src/crash"), testbin.Config{})
}

func run(t *testing.T, dir string, opts capture.Options, argv ...string) (capture.Result, string, error) {
	t.Helper()
	var out bytes.Buffer
	if opts.Stdout == nil {
		opts.Stdout, opts.Stderr = &out, &out
	}
	if opts.Timeout == 0 {
		opts.Timeout = time.Minute
	}
	r, err := capture.Run(t.Context(), argv, filepath.Join(dir, "the.core"), opts)
	return r, out.String(), err
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func gone(pid int) bool {
	return errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}

// TestEnds checks what is reported of programs that end in different ways,
// and that only the fatal ones leave a core.
func TestEnds(t *testing.T) {
	exe := program(t)
	crash := append(os.Environ(), "GOTRACEBACK=crash")
	for _, c := range []struct {
		name         string
		env          []string
		argv         []string
		exit, signal int
		core         bool
		says         string
	}{
		{"exit", nil, []string{exe, "exit"}, 7, 0, false, ""},
		{"handled signals", nil, []string{exe, "many"}, 7, 0, false, "counted 100\n"},
		{"signal without core", nil, []string{exe, "term"}, -1, 15, false, ""},
		{"unrecovered panic", nil, []string{exe, "nil"}, 2, 0, false, "nil pointer dereference"},
		{"unrecovered panic, crash", crash, []string{exe, "nil"}, -1, 6, true, "nil pointer dereference"},
		{"abort", nil, []string{exe, "abort"}, -1, 6, true, ""},
		{"fault without a handler", nil, []string{exe, "fault"}, -1, 11, true, ""},
		{"executed by a shell", nil, []string{"sh", "-c", `exec "$0" fault`, exe}, -1, 11, true, ""},
		{"child of a shell", nil, []string{"sh", "-c", `"$0" exit; exit 3`, exe}, 3, 0, false, ""},
		{"not Go", nil, []string{"sh", "-c", `kill -SEGV $$`}, -1, 11, true, ""},
		{"ignored", nil, []string{"sh", "-c", `trap "" QUIT; kill -QUIT $$; exit 4`}, 4, 0, false, ""},
		{"caught", nil, []string{"sh", "-c", `trap "exit 5" QUIT; kill -QUIT $$; sleep 10`}, 5, 0, false, ""},
		{"threads that come and go", nil, []string{exe, "churn"}, -1, 11, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			r, out, err := run(t, dir, capture.Options{Env: c.env, Dir: dir}, c.argv...)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if r.Exit != c.exit || r.Signal != c.signal || (r.Core != "") != c.core || !strings.Contains(out, c.says) {
				t.Errorf("%+v, want exit %d, signal %d, core %v\n%s", r, c.exit, c.signal, c.core, out)
			}
			if !gone(r.PID) {
				t.Errorf("process %d is still there", r.PID)
			}
			var want []string
			if c.core {
				want = []string{"the.core"}
			}
			if diff := cmp.Diff(want, files(t, dir)); diff != "" {
				t.Error(diff)
			}
			if !c.core {
				return
			}
			p, err := core.Open(r.Core)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			s, ok := p.Signal()
			if !ok || s.Number != c.signal || p.PID() != r.PID || p.Gaps() != nil || p.Size() != r.Size {
				t.Errorf("signal %+v, pid %d, gaps %v, size %d; %+v", s, p.PID(), p.Gaps(), p.Size(), r)
			}
			if st, err := os.Stat(r.Core); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("mode %v: a core holds secrets", st.Mode())
			}
		})
	}
}

// TestKernelAgrees compares core and kernel core of one and the same crash:
// threads, all registers, and every byte that the kernel has.
func TestKernelAgrees(t *testing.T) {
	coretest.NeedKernelCores(t)
	for _, mode := range []string{"nil", "abort", "fault"} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			opts := capture.Options{Dir: dir, KernelCore: true, Env: append(os.Environ(), "GOTRACEBACK=crash")}
			r, out, err := run(t, dir, opts, "sh", "-c", `ulimit -c unlimited && exec "$0" `+mode, program(t))
			if err != nil || r.Core == "" {
				t.Fatalf("%+v, %v\n%s", r, err, out)
			}
			names := files(t, dir)
			if len(names) != 2 {
				t.Fatalf("files %v, want two cores", names)
			}
			kernel, err := core.Open(filepath.Join(dir, names[0])) // "core…" sorts before "the.core"
			if err != nil {
				t.Fatal(err)
			}
			defer kernel.Close()
			ours, err := core.Open(r.Core)
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			agree(t, kernel, ours)
			if st, err := os.Stat(filepath.Join(dir, names[0])); err != nil {
				t.Error(err)
			} else if disk := st.Sys().(*syscall.Stat_t).Blocks * 512; r.Disk > disk+64<<10 {
				t.Errorf("%d bytes on disk, the kernel's core has %d", r.Disk, disk)
			}
		})
	}
}

func agree(t *testing.T, kernel, ours *core.Process) {
	t.Helper()
	threads := func(p *core.Process) map[int]string {
		m := map[int]string{}
		for _, th := range p.Threads() {
			m[th.TID] = fmt.Sprintf("%x sig %d fp %x", th.Regs, th.Signal, th.FP)
		}
		return m
	}
	if diff := cmp.Diff(threads(kernel), threads(ours)); diff != "" {
		t.Errorf("threads (-kernel +ours):\n%s", diff)
	}
	if k, o := kernel.Threads()[0].TID, ours.Threads()[0].TID; k != o {
		t.Errorf("first thread %d, the kernel's is %d", o, k)
	}
	ks, _ := kernel.Signal()
	if os, ok := ours.Signal(); !ok || ks != os {
		t.Errorf("signal %+v, the kernel says %+v", os, ks)
	}
	if kernel.Command() != ours.Command() || kernel.PID() != ours.PID() {
		t.Errorf("%q %d, the kernel says %q %d", ours.Command(), ours.PID(), kernel.Command(), kernel.PID())
	}
	if diff := cmp.Diff(kernel.Mappings(), ours.Mappings()); diff != "" {
		t.Errorf("mappings (-kernel +ours):\n%s", diff)
	}
	if diff := cmp.Diff(kernel.Auxv(), ours.Auxv()); diff != "" {
		t.Errorf("auxiliary vector (-kernel +ours):\n%s", diff)
	}
	total := 0
	for a, want := range kernel.Memory() {
		if a >= 0xffffffffff600000 || specialVVAR(kernel, a, len(want)) {
			continue
		}
		got, err := ours.Slice(a, len(want))
		if err != nil {
			t.Errorf("%d bytes at %#x: %v", len(want), uint64(a), err)
			continue
		}
		if i := firstDifference(got, want); i >= 0 {
			t.Errorf("byte %#x of %d at %#x differs", i, len(want), uint64(a))
		}
		total += len(want)
	}
	if total < 1<<20 {
		t.Errorf("%d bytes compared", total)
	}
}

// specialVVAR recognises the kernel's own data pages, which tick on: they end
// where the vDSO begins.
func specialVVAR(p *core.Process, a core.Addr, n int) bool {
	vdso := core.Addr(p.Auxv()[33])
	return a < vdso && vdso-a <= 0x10000 && a+core.Addr(n) <= vdso
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// TestNotRun checks that errors of starting a program are those of starting it.
func TestNotRun(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		argv []string
		want error
	}{
		{"no such file", []string{"/no/such/file"}, fs.ErrNotExist},
		{"not in PATH", []string{"moho-no-such-program"}, exec.ErrNotFound},
		{"no program", []string{text}, unix.ENOEXEC},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r, _, err := run(t, t.TempDir(), capture.Options{}, c.argv...); !errors.Is(err, c.want) || errors.Is(err, capture.ErrUnsupported) {
				t.Errorf("%+v, %v, want %v", r, err, c.want)
			}
		})
	}
	if _, err := capture.Run(t.Context(), nil, "x", capture.Options{}); err == nil {
		t.Error("nothing was run without an error")
	}
}

// TestCancel checks that neither a program nor a file is left behind.
func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout time.Duration
		want    error
	}{{"cancelled", 0, context.Canceled}, {"timeout", 300 * time.Millisecond, context.DeadlineExceeded}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.timeout == 0 {
				time.AfterFunc(300*time.Millisecond, cancel)
			}
			r, err := capture.Run(ctx, []string{program(t), "wait"}, filepath.Join(dir, "c"), capture.Options{Timeout: c.timeout})
			if !errors.Is(err, c.want) || r.Signal != 9 || !gone(r.PID) {
				t.Errorf("%+v, %v", r, err)
			}
			if got := files(t, dir); got != nil {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

// TestCoreNotWritten checks that the program's end is told even if its core
// could not be written, and that nothing half-written is left.
func TestCoreNotWritten(t *testing.T) {
	r, _, err := run(t, "/no/such/directory", capture.Options{}, program(t), "abort")
	if !errors.Is(err, fs.ErrNotExist) || r.Signal != 6 || r.Core != "" || !gone(r.PID) {
		t.Errorf("no directory: %+v, %v", r, err)
	}
	if dir := os.Getenv("MOHO_TEST_FULL"); dir != "" { // the process that may write little
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		r, _, err := run(t, dir, capture.Options{}, program(t), "abort")
		if !errors.Is(err, unix.EFBIG) || r.Signal != 6 || r.Core != "" {
			t.Errorf("file too large: %+v, %v", r, err)
		}
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCoreNotWritten$")
	cmd.Env = append(os.Environ(), "MOHO_TEST_FULL="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if got := files(t, dir); got != nil {
		t.Errorf("left behind: %v", got)
	}
}

// started runs a program that waits, and returns its process id when it does.
func started(t *testing.T, f func(stdout *os.File)) (pid int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		f(w)
		w.Close()
	}()
	var text []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(text, []byte("ready\n")) {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatalf("%v after %q", err, text)
		}
		text = append(text, buf[:n]...)
	}
	_, rest, _ := strings.Cut(string(text), "pid ")
	first, _, _ := strings.Cut(rest, "\n")
	if pid, err = strconv.Atoi(first); err != nil {
		t.Fatal(err)
	}
	return pid
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 500 {
		if f() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("not within 5 s: %s", what)
}

func state(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	return rest[:min(1, len(rest))]
}

// TestJobControl stops and continues the program as a shell does.
func TestJobControl(t *testing.T) {
	dir := t.TempDir()
	var r capture.Result
	var err error
	done := make(chan bool)
	pid := started(t, func(out *os.File) {
		r, err = capture.Run(t.Context(), []string{program(t), "wait"}, filepath.Join(dir, "c"), capture.Options{
			Stdout: out, Env: append(os.Environ(), "GOTRACEBACK=crash"), Timeout: time.Minute,
		})
		close(done)
	})
	running := func() bool { s := state(pid); return s == "S" || s == "R" }
	eventually(t, "runs", running)
	unix.Kill(pid, unix.SIGTSTP)
	// The runtime has a handler for SIGTSTP, which stops the process itself.
	eventually(t, "stopped by SIGTSTP", func() bool { return strings.ContainsAny(state(pid), "tT") })
	unix.Kill(pid, unix.SIGCONT)
	eventually(t, "continued", running)
	unix.Kill(pid, unix.SIGSTOP)
	eventually(t, "stopped by SIGSTOP", func() bool { return strings.ContainsAny(state(pid), "tT") })
	unix.Kill(pid, unix.SIGCONT)
	eventually(t, "continued again", running)
	unix.Kill(pid, unix.SIGABRT)
	<-done
	if err != nil || r.Core == "" || r.Signal != 6 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestTracerKilled checks that the program does not outlive whoever traces it.
func TestTracerKilled(t *testing.T) {
	if os.Getenv("MOHO_TEST_TRACER") != "" {
		capture.Run(t.Context(), []string{program(t), "wait"}, "/dev/null/c", capture.Options{Stdout: os.NewFile(3, "out")})
		return
	}
	var cmd *exec.Cmd
	ready := make(chan bool)
	done := make(chan bool)
	pid := started(t, func(out *os.File) {
		cmd = exec.Command(os.Args[0], "-test.run=^TestTracerKilled$")
		cmd.Env = append(os.Environ(), "MOHO_TEST_TRACER=1")
		cmd.ExtraFiles = []*os.File{out}
		cmd.Start()
		close(ready)
		cmd.Wait()
		close(done)
	})
	<-ready
	cmd.Process.Kill()
	<-done
	eventually(t, "the program is gone", func() bool { return gone(pid) || state(pid) == "Z" })
}

// TestTogether runs several programs at once, and others that are not traced:
// nobody gets the end of somebody else's child.
func TestTogether(t *testing.T) {
	exe := program(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			r, out, err := run(t, t.TempDir(), capture.Options{}, exe, []string{"abort", "exit"}[i%2])
			if err != nil || i%2 == 0 && (r.Signal != 6 || r.Core == "") || i%2 == 1 && r.Exit != 7 {
				t.Errorf("%+v, %v\n%s", r, err, out)
			}
		})
		wg.Go(func() {
			for range 10 {
				if err := exec.Command("sh", "-c", "exit 9").Run(); err == nil || err.Error() != "exit status 9" {
					t.Errorf("untraced: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// TestInput checks that the program's streams are its own.
func TestInput(t *testing.T) {
	var out, errs bytes.Buffer
	r, _, err := run(t, t.TempDir(), capture.Options{Stdin: strings.NewReader("from here\n"), Stdout: &out, Stderr: &errs}, "sh", "-c", "cat; echo to there >&2")
	if err != nil || r.Exit != 0 || out.String() != "from here\n" || errs.String() != "to there\n" {
		t.Errorf("%+v, %v, %q, %q", r, err, out.String(), errs.String())
	}
}

// TestOutputKeptOpen checks that a process which the program leaves behind does
// not hold up its end.
func TestOutputKeptOpen(t *testing.T) {
	r, out, err := run(t, t.TempDir(), capture.Options{}, "sh", "-c", "sleep 30 & echo $!; exit 6")
	if err != nil || r.Exit != 6 || len(r.Gaps) != 1 || r.Gaps[0].What != "output" {
		t.Errorf("%+v, %v", r, err)
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(out)); err != nil || unix.Kill(pid, unix.SIGKILL) != nil {
		t.Errorf("output %q", out)
	}
}
