package escape

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
)

const program = `package p

import "unsafe"

var kept *int

func Return() *int {
	x := 1
	return &x
}

func Number() uintptr {
	x := 2
	return uintptr(unsafe.Pointer(&x))
}

func Expression() *int {
	x := 3
	return (*int)(unsafe.Pointer(uintptr(unsafe.Pointer(&x))))
}

func Keep(p *int) { kept = p }

func Same(p *int) *int { return p }

func Literal() func() int {
	x := 4
	return func() int { x++; return x }
}

func Stays(n *int) int { f := func() int { return *n }; return f() }
`

// TestVersions compiles one program with every release whose output is read.
func TestVersions(t *testing.T) {
	toolchains := []string{""}
	if testbin.IsLong() {
		toolchains = []string{"go1.24.13", "go1.25.12", "go1.26.8", "go1.27.3"}
	}
	for _, toolchain := range toolchains {
		t.Run("toolchain "+toolchain, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"go.mod": "module example.org/p\n\ngo 1.24\n", "p.go": program} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			env := os.Environ()
			if toolchain != "" {
				env = append(env, "GOTOOLCHAIN="+toolchain)
			}
			list, err := Compile(t.Context(), Options{Dir: dir, Package: ".", Env: env})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range list {
				if filepath.Dir(d.Pos.File) != dir {
					t.Errorf("file %q", d.Pos.File)
				}
				line := string(d.Kind) + " " + d.Name
				if d.To != "" {
					line += " to " + d.To
				}
				var why []string
				for _, h := range d.Flow {
					why = append(why, h.Why)
				}
				got = append(got, strings.TrimSpace(line+": "+strings.Join(why, ", ")))
			}
			want := []string{
				"moved x: address-of, return",
				"moved x: address-of, return",
				"leaks p to the heap: assign",
				"leaks p to result ~r0: return",
				"moved x: captured by a closure, reference",
				"escapes func literal: spill, return",
				"stays n:",
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("decisions (-want +got):\n%s", d)
			}
		})
	}
}

// TestBroken wants the compiler's own message.
func TestBroken(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/p\n\ngo 1.24\n", "p.go": "package p\n\nfunc F() { return 1 }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Compile(t.Context(), Options{Dir: dir, Package: "."})
	if err == nil || !strings.Contains(err.Error(), "too many return values") {
		t.Errorf("error: %v", err)
	}
}

// FuzzParse: an error comes with no result, and flows are bounded.
func FuzzParse(f *testing.F) {
	f.Add("./main.go:13:2: n escapes to heap in Leak:\n./main.go:13:2:   flow: ~r0 ← &n:\n" +
		"./main.go:13:2:     from &n (address-of) at ./main.go:14:9\n./main.go:13:2: moved to heap: n\n")
	f.Add("a.go:1:1: parameter p leaks to ~r0 for Box with derefs=0:\na.go:1:1:   flow: ~r0 = p:\na.go:1:1: leaking param: p to result ~r0 level=0\n")
	f.Add("a.go:1:1: make([]byte, n) does not escape\n# p\n:::: \n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse(strings.NewReader(text))
		if err != nil && list != nil {
			t.Errorf("%d decisions with error %v", len(list), err)
		}
		for _, d := range list {
			if d.Kind == "" || len(d.Flow) > maxHops {
				t.Errorf("%+v", d)
			}
		}
	})
}
