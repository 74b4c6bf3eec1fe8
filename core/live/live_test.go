//go:build linux && (amd64 || arm64)

package live_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"moho/arch"
	"moho/core"
	"moho/core/live"
	"moho/internal/testbin"
)

// A target is a running program that says what must be found in it.
type target struct {
	pid          int // as this process knows it
	self         int // as it knows itself
	marker, heap core.Addr
	out          *bufio.Scanner
}

func alive(tb testing.TB) string {
	return testbin.Build(tb, testbin.Dir(tb, "../testdata/src/alive"), testbin.Config{})
}

// start runs the program until it is ready. It ends with the test.
func start(t *testing.T, argv ...string) *target {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	p := &target{pid: cmd.Process.Pid, out: bufio.NewScanner(stdout)}
	for p.out.Scan() && p.out.Text() != "ready" {
		if _, err := fmt.Sscanf(p.out.Text(), "marker 0x%x heap 0x%x pid %d", &p.marker, &p.heap, &p.self); err != nil {
			t.Fatalf("%q: %v", p.out.Text(), err)
		}
	}
	if p.self == 0 {
		t.Fatal("the program said nothing")
	}
	return p
}

// answers checks that the program gets a signal and does something about it.
func (p *target) answers(t *testing.T) {
	t.Helper()
	if err := unix.Kill(p.pid, unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(20*time.Second, func() { unix.Kill(p.pid, unix.SIGKILL) })
	defer timer.Stop()
	if !p.out.Scan() || p.out.Text() != "got" {
		t.Fatalf("the program does not answer: %q", p.out.Text())
	}
}

// field returns a field of every thread's status, as a set.
func field(t *testing.T, pid int, name string) []string {
	t.Helper()
	var list []string
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if key, value, _ := strings.Cut(line, ":"); key == name {
				list = append(list, strings.TrimSpace(value))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// free checks that nobody traces the process any more.
func free(t *testing.T, pid int) {
	t.Helper()
	if got := field(t, pid, "TracerPid"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("TracerPid of its threads: %v, want 0", got)
	}
}

// stopped waits until all threads are in a job-control stop: those that a tracer
// let go of have to go there by themselves.
func (p *target) stopped(t *testing.T) {
	t.Helper()
	for range 2000 {
		if slices.Equal(field(t, p.pid, "State"), []string{"T (stopped)"}) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("states %v, want stopped", field(t, p.pid, "State"))
}

func (p *target) check(t *testing.T, proc *core.Process) {
	t.Helper()
	var want []byte
	for _, w := range []uint64{0x6d6f686f, 0x1122334455667788, 0, 0xfeedfacecafebeef} {
		want = binary.LittleEndian.AppendUint64(want, w)
	}
	for _, a := range []core.Addr{p.marker, p.heap} {
		got, err := proc.Slice(a, len(want))
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("at %#x: -want +got\n%s", uint64(a), diff)
		}
	}
}

func TestTake(t *testing.T) {
	p := start(t, alive(t), "100", "spin")
	before := tids(t, p.pid)
	s, err := live.Take(t.Context(), p.pid, live.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	free(t, p.pid)
	p.answers(t)
	p.check(t, s.Process)
	var got []int
	for _, th := range s.Process.Threads() {
		got = append(got, th.TID)
		if sp, ok := th.Reg(s.Process.Arch(), arch.SP); !ok || sp == 0 || th.FP == nil {
			t.Errorf("thread %d: sp %#x, %v, %d bytes of floating-point registers", th.TID, sp, ok, len(th.FP))
		}
	}
	if got[0] != p.pid {
		t.Errorf("first thread %d, want %d", got[0], p.pid)
	}
	if slices.Sort(got); !slices.Equal(got, before) { // it has no reason to start any
		t.Errorf("threads %v, want %v", got, before)
	}
	if !s.Whole || s.Pause <= 0 || s.Copied < 1<<20 || s.Process.Kind() != "live" || s.Process.PID() != p.pid {
		t.Errorf("%+v", s)
	}
	if s.Process.Gaps() != nil {
		t.Errorf("gaps %v", s.Process.Gaps())
	}
	if id, ok := s.Process.ExecutableBuildID(); !ok || id.Go == "" {
		t.Errorf("Build ID %v, %v", id, ok)
	}
}

func tids(t *testing.T, pid int) (list []int) {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		n, _ := strconv.Atoi(e.Name())
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// TestSignals sends one signal after the other while snapshots are taken: each
// must be answered. Those that a thread was about to get when it was stopped
// are among them.
func TestSignals(t *testing.T) {
	p := start(t, alive(t), "10", "spin")
	const signals, snapshots = 300, 5
	var taken atomic.Int32
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			s, err := live.Take(t.Context(), p.pid, live.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
			taken.Add(1)
		}
	}()
	for n := 0; (n < signals || taken.Load() < snapshots) && !t.Failed(); n++ {
		p.answers(t)
	}
	close(stop)
	<-done
	free(t, p.pid)
}

// TestStopped: a process that job control has stopped can be read, and stays
// stopped.
func TestStopped(t *testing.T) {
	p := start(t, alive(t), "10")
	unix.Kill(p.pid, unix.SIGSTOP)
	p.stopped(t)
	for range 3 {
		s, err := live.Take(t.Context(), p.pid, live.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p.check(t, s.Process)
		s.Close()
		free(t, p.pid)
		p.stopped(t)
	}
	unix.Kill(p.pid, unix.SIGCONT)
	p.answers(t)
}

// TestSelect takes less than everything.
func TestSelect(t *testing.T) {
	p := start(t, alive(t), "10")
	s, err := live.Take(t.Context(), p.pid, live.Options{Limit: 1, Select: func(none *core.Process, exe *os.File, fetch live.Fetch) error {
		if _, err := none.Word(p.heap); !errors.Is(err, core.ErrAbsent) {
			t.Errorf("before: %v", err)
		}
		if len(none.Threads()) == 0 { // the rehearsal, which learns of one page
			_, err := fetch([]core.Range{{Addr: p.marker, Size: 1}})
			return errors.Join(err, errors.New("this does not count"))
		}
		if _, err := none.Word(p.marker); err != nil {
			t.Errorf("rehearsed: %v", err)
		}
		if got := field(t, p.pid, "State"); !slices.Equal(got, []string{"t (tracing stop)"}) {
			t.Errorf("states %v, want all stopped", got)
		}
		one, err := fetch([]core.Range{{Addr: p.heap, Size: 32}, {Addr: 1, Size: 8}, {Addr: ^core.Addr(0), Size: 8}})
		if err != nil {
			return err
		}
		if _, err := one.Word(p.heap); err != nil {
			t.Errorf("after: %v", err)
		}
		_, err = fetch([]core.Range{{Addr: p.heap, Size: 32}, {Addr: p.marker, Size: 32}})
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p.check(t, s.Process)
	if s.Whole || s.Copied > 1<<20 || len(s.Process.Gaps()) != 1 {
		t.Errorf("%+v, gaps %v", s, s.Process.Gaps())
	}
	if _, err := s.Process.Word(p.heap + 1<<20); err == nil {
		t.Error("what was not asked for is there")
	}
}

// TestLetGo: whatever ends a snapshot early, the process runs on.
func TestLetGo(t *testing.T) {
	p := start(t, alive(t), "10", "spin")
	broken := errors.New("broken")
	take := func(ctx context.Context, f func() error) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		s, err := live.Take(ctx, p.pid, live.Options{Limit: 1, Select: func(p *core.Process, _ *os.File, _ live.Fetch) error {
			if len(p.Threads()) == 0 {
				return nil
			}
			return f()
		}})
		if s != nil {
			t.Errorf("a snapshot beside %v", err)
		}
		return err
	}
	if err := take(t.Context(), func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error: %v", err)
	}
	free(t, p.pid)
	if err := take(t.Context(), func() error { panic("argh") }); err == nil || err.Error() != "panic: argh" {
		t.Errorf("panic: %v", err)
	}
	free(t, p.pid)
	ctx, cancel := context.WithCancel(t.Context())
	if err := take(ctx, func() error { cancel(); return ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	free(t, p.pid)
	if err := take(ctx, func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	free(t, p.pid)
	p.answers(t)
}

// TestKilled kills the process that takes a snapshot in the middle of it.
func TestKilled(t *testing.T) {
	if pid := os.Getenv("MOHO_TEST_TAKE"); pid != "" {
		n, _ := strconv.Atoi(pid)
		live.Take(t.Context(), n, live.Options{Limit: 1, Select: func(p *core.Process, _ *os.File, _ live.Fetch) error {
			if len(p.Threads()) == 0 {
				return nil
			}
			fmt.Println("holding")
			time.Sleep(time.Minute)
			return nil
		}})
		return
	}
	for _, stopped := range []bool{false, true} {
		for range 5 {
			p := start(t, alive(t), "10", "spin")
			if stopped {
				unix.Kill(p.pid, unix.SIGSTOP)
			}
			unix.Kill(p.pid, unix.SIGUSR1) // on its way, or waiting
			cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
			cmd.Env = append(os.Environ(), fmt.Sprintf("MOHO_TEST_TAKE=%d", p.pid))
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "holding\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if got := field(t, p.pid, "TracerPid"); len(got) != 1 || got[0] == "0" {
				t.Errorf("TracerPid %v, want that of one thread", got)
			}
			cmd.Process.Signal(syscall.SIGKILL)
			io.Copy(io.Discard, out)
			cmd.Wait()
			free(t, p.pid)
			if stopped {
				p.stopped(t)
				unix.Kill(p.pid, unix.SIGCONT)
			}
			if !p.out.Scan() || p.out.Text() != "got" {
				t.Error("the signal that was on its way is lost")
			}
			p.answers(t)
		}
	}
}

// TestNamespace: threads have the ids that the program knows, in a pid
// namespace of its own too.
func TestNamespace(t *testing.T) {
	testbin.NeedTool(t, "unshare")
	if os.Getuid() != 0 {
		testbin.Missing(t, "root, to make a pid namespace")
	}
	outer := start(t, "unshare", "-pf", "--mount-proc", "--kill-child", alive(t), "10")
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", outer.pid, outer.pid))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || outer.self != 1 {
		t.Fatalf("children of unshare: %q; the program's own pid is %d", b, outer.self)
	}
	s, err := live.Take(t.Context(), pid, live.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	outer.check(t, s.Process)
	if th := s.Process.Threads(); th[0].TID != 1 || len(th) < 4 || th[1].TID > 100 || s.Process.PID() != pid {
		t.Errorf("threads %d, %d; pid %d, want %d", th[0].TID, th[1].TID, s.Process.PID(), pid)
	}
	free(t, pid)
}
