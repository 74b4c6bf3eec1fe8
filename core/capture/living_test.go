//go:build linux && (amd64 || arm64)

package capture_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"moho/core"
	"moho/core/capture"
	"moho/internal/testbin"
)

// alive starts the program of that name until the test ends, and returns its
// process id, and two addresses where it keeps the same four words.
func alive(t *testing.T, args ...string) (exe string, pid int, data, heap core.Addr) {
	t.Helper()
	exe = testbin.Build(t, testbin.Dir(t, "../testdata/src/alive"), testbin.Config{})
	cmd := exec.Command(exe, args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
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
	sc := bufio.NewScanner(out)
	for sc.Scan() && sc.Text() != "ready" {
		fmt.Sscanf(sc.Text(), "marker 0x%x heap 0x%x", &data, &heap)
	}
	if heap == 0 {
		t.Fatal("the program said nothing")
	}
	return exe, cmd.Process.Pid, data, heap
}

// statusOf returns a field of /proc/PID/status that is a number.
func statusOf(t *testing.T, pid int, field string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), field+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func checkDump(t *testing.T, path string, data, heap core.Addr) *core.Process {
	t.Helper()
	p, err := core.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	for _, a := range []core.Addr{data, heap} {
		b, err := p.Slice(a, 32)
		if err != nil || binary.LittleEndian.Uint64(b) != 0x6d6f686f || binary.LittleEndian.Uint64(b[24:]) != 0xfeedfacecafebeef {
			t.Errorf("at %#x: %x, %v", uint64(a), b, err)
		}
	}
	if p.Truncated() || p.Gaps() != nil {
		t.Errorf("truncated %v, gaps %v", p.Truncated(), p.Gaps())
	}
	return p
}

// TestDump writes cores of a living process both ways, and has debuggers read them.
func TestDump(t *testing.T) {
	exe, pid, data, heap := alive(t, "2000", "spin")
	threads := statusOf(t, pid, "Threads")
	for _, c := range []struct {
		name   string
		buffer int64
	}{{"copied first", 0}, {"straight to the file", 1}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "the.core")
			var done, total int64
			r, err := capture.Dump(t.Context(), pid, path, capture.DumpOptions{Buffer: c.buffer, Progress: func(d, n int64) { done, total = d, n }})
			if err != nil {
				t.Fatal(err)
			}
			if statusOf(t, pid, "TracerPid") != 0 {
				t.Error("it is traced still")
			}
			if r.Buffered != (c.buffer == 0) || r.Pause <= 0 || r.Threads != threads || r.Gaps != nil || done != total || total != r.Memory {
				t.Errorf("%+v, progress %d of %d", r, done, total)
			}
			rss := int64(statusOf(t, pid, "RssAnon")) << 10
			if r.Disk > rss+1<<20 || r.Size > 4*rss+16<<20 {
				t.Errorf("%d bytes, %d on disk; the process has %d of its own", r.Size, r.Disk, rss)
			}
			if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("mode %v: a core holds secrets", st.Mode())
			}
			if got := files(t, dir); !slices.Equal(got, []string{"the.core"}) {
				t.Errorf("files %v", got)
			}
			p := checkDump(t, path, data, heap)
			if _, ok := p.Signal(); ok || len(p.Threads()) != threads || p.Threads()[0].TID != pid {
				t.Errorf("%d threads, first %d", len(p.Threads()), p.Threads()[0].TID)
			}
			testbin.NeedTool(t, "gdb")
			out := testbin.Run(t, "gdb", "-nx", "-batch", "-ex", "info threads", "-ex", "thread apply all bt", exe, path)
			if n := strings.Count(out, "(LWP "); n < threads || !strings.Contains(out, "main.spin") || !strings.Contains(out, "runtime.mstart") {
				t.Errorf("gdb shows %d threads of %d:\n%s", n, threads, out)
			}
		})
	}
}

// TestDumpInDelve counts goroutines with Delve.
func TestDumpInDelve(t *testing.T) {
	testbin.Long(t)
	dlv := testbin.Peer(t, "github.com/go-delve/delve/cmd/dlv", testbin.Config{})
	exe, pid, _, _ := alive(t, "100", "spin")
	path := filepath.Join(t.TempDir(), "the.core")
	if _, err := capture.Dump(t.Context(), pid, path, capture.DumpOptions{}); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("goroutines -with userloc main.parked\nexit\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := testbin.Run(t, dlv, "core", exe, path, "--allow-non-terminal-interactive", "--init", script)
	if n := strings.Count(out, "main.parked"); n != 100 {
		t.Errorf("Delve shows %d goroutines in main.parked, want 100:\n%s", n, out)
	}
}

// TestDumpFails: a core that cannot be written leaves the one before in place,
// and the process running.
func TestDumpFails(t *testing.T) {
	_, pid, _, _ := alive(t, "100")
	dir := t.TempDir()
	path := filepath.Join(dir, "core")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, buffer := range []int64{0, 1} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := capture.Dump(ctx, pid, path, capture.DumpOptions{Buffer: buffer, Progress: func(int64, int64) { cancel() }})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if statusOf(t, pid, "TracerPid") != 0 {
			t.Error("it is traced still")
		}
	}
	if r, err := capture.Dump(t.Context(), 1<<22+1, path, capture.DumpOptions{}); !errors.Is(err, unix.ESRCH) || r.Core != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if b, err := os.ReadFile(path); string(b) != "before" || !slices.Equal(files(t, dir), []string{"core"}) {
		t.Errorf("%q, %v; files %v", b, err, files(t, dir))
	}
	if _, err := capture.Dump(t.Context(), pid, "/no/such/directory/core", capture.DumpOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}
