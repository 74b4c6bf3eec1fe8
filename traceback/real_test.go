package traceback_test

import (
	"bytes"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gostate"
	"moho/internal/testbin"
	"moho/internal/unpack"
	"moho/traceback"
)

// printed runs testdata/src/deaths and returns what it says.
func printed(t *testing.T, exe, arg, level string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe, arg)
	cmd.Dir = t.TempDir() // for cores
	cmd.Env = append(os.Environ(), "GOTRACEBACK="+level, "GODEBUG=tracebacklabels=1")
	out, _ := cmd.CombinedOutput()
	r, err := unpack.NewReader(bytes.NewReader(out)) // profiles are compressed
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parked counts the goroutines in each of the functions that park them.
func parked(d *traceback.Dump) map[string]int {
	n := map[string]int{}
	groups, _ := d.Groups(gostate.GroupOptions{System: true})
	for _, gr := range groups {
		for _, fr := range gr.First.Frames {
			switch fr.Func {
			case "main.recv", "main.pick", "main.lock", "main.nap":
				n[strings.TrimPrefix(fr.Func, "main.")] += gr.Count
			}
		}
	}
	return n
}

var everybody = map[string]int{"recv": 5, "pick": 4, "lock": 3, "nap": 2}

// TestReal reads what real programs print, in every way that they do.
func TestReal(t *testing.T) {
	t.Run("local", func(t *testing.T) { real(t, testbin.Config{}) })
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"} {
		t.Run(release, func(t *testing.T) {
			testbin.Long(t)
			real(t, testbin.Config{Go: release, Mode: testbin.Stripped})
		})
	}
}

func real(t *testing.T, c testbin.Config) {
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "deaths")), c)
	for _, death := range []struct {
		arg, level string
		reason     string // its beginning
		crashed    string // function to look at
		signal     string
	}{
		{"panic", "all", "panic: boom", "main.main", ""},
		{"panic", "system", "panic: boom", "main.main", ""},
		{"nil", "all", "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV", "main.fault", "SIGSEGV"},
		{"nil", "system", "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV", "main.fault", "SIGSEGV"},
		{"nested", "all", "panic: first", "main.main.func", ""},
		{"nested", "system", "panic: first", "main.main.func", ""},
		{"maps", "all", "fatal error: concurrent map", "main.racer", ""},
		{"overflow", "all", "fatal error: stack overflow", "main.endless", ""},
		{"deadlock", "all", "fatal error: all goroutines are asleep - deadlock!", "", ""},
		{"goexit", "all", "panic: from a goroutine", "main.main.func", ""},
		{"quit", "all", "SIGQUIT: quit", "", "SIGQUIT"},
		{"stacks", "all", "", "", ""},
		{"0", "all", "", "", ""},
		{"1", "all", "", "", ""},
		{"2", "all", "", "", ""},
	} {
		t.Run(death.arg+"-"+death.level, func(t *testing.T) {
			t.Parallel() // the program mostly waits
			text := printed(t, exe, death.arg, death.level)
			d := read(t, text)
			check(t, d)
			if death.arg == "maps" { // several threads find out and print at once, and the first to be done exits
				checkReason(t, d, death.reason, death.crashed, death.signal)
				return
			}
			want := maps.Clone(everybody)
			if death.arg == "deadlock" {
				delete(want, "nap")
			}
			if diff := cmp.Diff(want, parked(d)); diff != "" {
				t.Errorf("-want +got\n%s\n%.3000s", diff, text)
			}
			if len(d.Gaps()) > 0 {
				t.Errorf("gaps: %v", d.Gaps())
			}
			checkReason(t, d, death.reason, death.crashed, death.signal)
			if d.Kind() == traceback.KindProfile || death.level == "system" {
				checkLabels(t, d, text)
			}
		})
	}
	if d := read(t, printed(t, exe, "panic", "all")); c.Go == "" {
		if c, _ := d.Crash(); c.Reason != "panic: boom\n\t\n\tafter an empty line" {
			t.Errorf("a message of three lines is %q", c.Reason)
		}
	}
	one := read(t, printed(t, exe, "one", "all"))
	if one.NumG() != 1 || len(one.Gaps()) != 0 {
		t.Errorf("debug.Stack: %d goroutines, gaps %v", one.NumG(), one.Gaps())
	}
	if d := read(t, printed(t, exe, "panic", "single")); d.NumG() != 1 {
		t.Errorf("GOTRACEBACK=single: %d goroutines", d.NumG())
	}
	text := printed(t, exe, "stacks", "all") // as runtime.Stack cuts it where the buffer is full
	if cut := read(t, text[:strings.LastIndex(text, "main.pick(")+9]); len(cut.Gaps()) != 1 || cut.NumG() < 5 {
		t.Errorf("runtime.Stack into a short buffer: %d goroutines, gaps %v", cut.NumG(), cut.Gaps())
	}
}

func checkReason(t *testing.T, d *traceback.Dump, reason, fn, signal string) {
	t.Helper()
	c, _ := d.Crash()
	if !strings.HasPrefix(c.Reason, reason) || reason == "" && c.Reason != "" {
		t.Errorf("reason is %q, want %q", c.Reason, reason)
	}
	got := ""
	if c.Goroutine != nil && c.FaultFrame >= 0 {
		got = c.Goroutine.Frames[c.FaultFrame].Func
	}
	if !strings.HasPrefix(got, fn) || fn == "" && c.Goroutine != nil {
		t.Errorf("frame to look at is %q, want %q; %v", got, fn, c.Goroutine)
	}
	if c.Signal.Name != signal {
		t.Errorf("signal %q, want %q", c.Signal.Name, signal)
	}
}

// checkLabels checks the labels of those that have some, where they are printed.
func checkLabels(t *testing.T, d *traceback.Dump, text string) {
	t.Helper()
	if !strings.Contains(text, "user") {
		if d.Kind() == traceback.KindProfile {
			t.Error("a profile without labels")
		}
		return // before Go 1.26 tracebacks have none
	}
	want := map[string]string{"user": "7", "a b": `"c"`}
	n := 0
	for g := range d.Goroutines() {
		if g.Printed.Labels == nil {
			continue
		}
		n += g.Printed.Count
		if diff := cmp.Diff(want, g.Printed.Labels); diff != "" {
			t.Errorf("goroutine %d: -want +got\n%s", g.ID, diff)
		}
	}
	if n != 5 {
		t.Errorf("%d goroutines have labels, want 5", n)
	}
}
