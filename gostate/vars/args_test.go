//go:build linux

package vars_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/vars"
	"moho/internal/testbin"
	"moho/objfile"
)

// died builds the program of testdata/src/frames, lets it die and returns what
// is left of it and what it printed.
func died(tb testing.TB, c testbin.Config) (*gostate.World, string) {
	tb.Helper()
	exe, path, out := died0(tb, c)
	return open(tb, path, exe), out
}

// died0 is died up to the core.
func died0(tb testing.TB, c testbin.Config) (exe, path, out string) {
	tb.Helper()
	exe = testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "frames")), c)
	if c.GOARCH == "arm64" {
		testbin.NeedTool(tb, "qemu-aarch64-static")
		dir := tb.TempDir()
		cmd := exec.CommandContext(tb.Context(), "sh", "-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0"`, exe)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOTRACEBACK=crash")
		var b bytes.Buffer
		cmd.Stdout, cmd.Stderr = &b, &b
		cmd.Run() // it dies
		files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
		if len(files) != 1 {
			tb.Fatalf("no core: %v\n%s", files, b.String())
		}
		path, out = files[0], b.String()
	} else {
		path, out = coretest.Kernel(tb, []string{"GOTRACEBACK=crash"}, exe)
	}
	return exe, path, out
}

func open(tb testing.TB, path, exe string) *gostate.World {
	tb.Helper()
	p, err := core.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	f, err := objfile.Open(exe)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

var (
	header  = regexp.MustCompile(`^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[`)
	address = regexp.MustCompile(`^\t.*:\d+(?: \+0x[0-9a-f]+)?(?: fp=0x([0-9a-f]+) sp=0x([0-9a-f]+) pc=0x([0-9a-f]+))?$`)
)

// A stack is the calls that a program printed of a goroutine, and after how many
// of them it left some out; -1 for none.
type stack struct {
	calls    []string
	elidedAt int
}

// calls returns what a program printed, by goroutine.
func calls(text string) map[uint64]*stack {
	all := map[uint64]*stack{}
	var s *stack
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if m := header.FindStringSubmatch(line); m != nil {
			id, _ := strconv.ParseUint(m[1], 10, 64)
			s = &stack{elidedAt: -1}
			all[id] = s
			continue
		}
		switch {
		case line == "" || strings.HasPrefix(line, "-----"):
			s = nil
		case s == nil || i+1 == len(lines) || strings.HasPrefix(line, "created by "):
		case strings.HasPrefix(line, "..."):
			s.elidedAt = len(s.calls)
		case address.MatchString(lines[i+1]):
			s.calls = append(s.calls, line)
		}
	}
	return all
}

func argConfigs() []testbin.Config {
	all := []testbin.Config{{Mode: testbin.Stripped}}
	if !testbin.IsLong() {
		return all
	}
	for _, v := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"} {
		all = append(all, testbin.Config{Go: v, Mode: testbin.Stripped}, testbin.Config{Go: v, Mode: testbin.PIEStripped},
			testbin.Config{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testbin.Config{Go: v, GOARCH: "arm64", Mode: testbin.Stripped})
	}
	return all
}

// TestArgs compares every call of every goroutine, with its arguments, with what
// the dying program printed.
func TestArgs(t *testing.T) {
	for _, c := range argConfigs() {
		t.Run(c.String(), func(t *testing.T) {
			w, out := died(t, c)
			compareCalls(t, w, out, 15, 100)
		})
	}
}

// TestArgsZoo does so with a program that stops in every way there is, and dies
// in several.
func TestArgsZoo(t *testing.T) {
	ends := []string{"nil"}
	configs := []testbin.Config{{Mode: testbin.Stripped}}
	if testbin.IsLong() {
		ends = append(ends, "panic", "nested", "repanic", "index", "nilfunc", "goroutine", "text")
		for _, v := range []string{"1.23.12", "1.25.12", "1.27.3"} {
			configs = append(configs, testbin.Config{Go: v, Mode: testbin.Stripped})
		}
		configs = append(configs, testbin.Config{Mode: testbin.External})
	}
	for _, c := range configs {
		for _, end := range ends {
			t.Run(c.String()+" "+end, func(t *testing.T) {
				exe := testbin.Build(t, testbin.Dir(t, filepath.Join("..", "testdata", "src", "zoo")), c)
				path, out := coretest.Kernel(t, []string{"GOTRACEBACK=crash"}, exe, end)
				compareCalls(t, open(t, path, exe), out, 15, 50)
			})
		}
	}
}

func compareCalls(t *testing.T, w *gostate.World, out string, minStacks, minWords int) {
	t.Helper()
	want := calls(out)
	r := vars.NewReader(w)
	crash, _ := w.Crash()
	stacks, words := 0, 0
	for g := range w.Goroutines() {
		p := want[g.ID]
		if p == nil || len(p.calls) == 0 { // running on another thread
			continue
		}
		printed := p.calls
		var got []string
		for i, f := range g.Frames {
			name := f.Func
			if name == "runtime.gopanic" {
				name = "panic"
			}
			got = append(got, fmt.Sprintf("%s(%s)", name, r.Args(g, i)))
		}
		if crash.Goroutine != nil && g.ID == crash.Goroutine.ID && p.elidedAt < 0 && len(got) > len(printed) {
			got = got[len(got)-len(printed):] // it went on after it had printed
		}
		if outer := len(printed) - p.elidedAt; p.elidedAt >= 0 && len(got) > len(printed) {
			got = append(got[:p.elidedAt:p.elidedAt], got[len(got)-outer:]...)
		}
		if g, p := strings.Join(got, "\n"), strings.Join(printed, "\n"); g != p {
			t.Errorf("the program printed\n%s\nthe core has\n%s", p, g)
		}
		stacks++
		words += strings.Count(strings.Join(printed, ""), "0x")
	}
	if stacks < minStacks || words < minWords {
		t.Errorf("compared %d stacks with %d words\n%s", stacks, words, out)
	}
}
