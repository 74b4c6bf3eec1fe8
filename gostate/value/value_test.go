//go:build linux

package value_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/value"
	"moho/internal/testbin"
	"moho/objfile"
)

// died builds the program of testdata/src/NAME, lets it die and returns what is
// left of it and what it printed.
func died(tb testing.TB, name string, c testbin.Config) (*gostate.World, string) {
	tb.Helper()
	exe := testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", name)), c)
	path, out := "", ""
	if c.GOARCH == "arm64" {
		testbin.NeedTool(tb, "qemu-aarch64-static")
		dir := tb.TempDir()
		cmd := exec.CommandContext(tb.Context(), "sh", "-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0"`, exe)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOTRACEBACK=crash")
		b, _ := cmd.Output() // it dies
		files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
		if len(files) != 1 {
			tb.Fatalf("no core: %v\n%s", files, b)
		}
		path, out = files[0], string(b)
	} else {
		path, out = coretest.Kernel(tb, []string{"GOTRACEBACK=crash"}, exe)
	}
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
	return w, out
}

// An item is a line of the manifest.
type item struct {
	name, want string
	addr       core.Addr
}

func manifest(tb testing.TB, out string) (items []item) {
	tb.Helper()
	for _, line := range strings.Split(out, "\n") {
		part := strings.SplitN(line, "\t", 3)
		if len(part) < 3 {
			continue
		}
		a, err := strconv.ParseUint(part[1], 0, 64)
		if err != nil {
			continue
		}
		items = append(items, item{part[0], part[2], core.Addr(a)})
	}
	return items
}

func configs() (all []testbin.Config) {
	all = []testbin.Config{{Mode: testbin.Stripped}, {Go: "1.23.12", Mode: testbin.Stripped}, {Go: "1.27.3", Mode: testbin.Stripped}}
	if testbin.IsLong() {
		for _, v := range []string{"1.21.13", "1.22.12", "1.24.13", "1.25.12"} {
			all = append(all, testbin.Config{Go: v, Mode: testbin.Stripped})
		}
		for _, v := range []string{"1.21.13", "1.24.13", "1.26.8", "1.27.3"} {
			all = append(all, testbin.Config{Go: v, Mode: testbin.PIEStripped}, testbin.Config{Go: v, GOARCH: "arm64", Mode: testbin.Stripped})
		}
		all = append(all, testbin.Config{Go: "1.25.12", Env: []string{"GOEXPERIMENT=noswissmap"}})
	}
	return all
}

// TestValues compares values with what the program that had them says they are.
func TestValues(t *testing.T) {
	for _, c := range configs() {
		t.Run(c.String()+strings.Join(c.Env, ""), func(t *testing.T) {
			w, out := died(t, "values", c)
			r := value.NewReader(w)
			n, growing := 0, 0
			for _, it := range manifest(t, out) {
				n++
				opts := value.Options{}
				if strings.HasPrefix(it.name, "map of ") {
					opts = value.Options{Elements: 1 << 16, Nodes: 1 << 16}
				}
				v := r.Interface(it.addr, false, opts)
				if text, ok := strings.CutPrefix(it.name, "error: "); ok {
					if got, ok := v.ErrorText(); got != text || !ok {
						t.Errorf("error %s: got %q, %v\n%s", text, got, ok, v.String())
					}
					continue
				}
				if strings.Contains(v.String(), "(growing)") {
					growing++
				}
				got := strings.ReplaceAll(v.String(), " (growing)", "")
				if got != it.want {
					t.Errorf("%s: got\n\t%.300s\nwant\n\t%.300s\n%+v", it.name, got, it.want, brief(v))
				}
			}
			if old := c.Go == "1.23.12"; old && growing == 0 {
				t.Error("no map was growing")
			}
			if n < 80 {
				t.Errorf("only %d values\n%s", n, out)
			}
		})
	}
}

func brief(v value.Value) string { return fmt.Sprintf("%.500s", fmt.Sprintf("%+v", v)) }
