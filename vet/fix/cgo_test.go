package fix

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moho/internal/testbin"
)

// small is a package of four defects of four rules, three of which are in one
// file with C in it, and its tests.
var small = map[string]string{
	"go.mod": goMod,
	"box.go": `package m

/*
#include <stdlib.h>
#include <string.h>
struct box { int n; };
static struct box *box_new(int n) { struct box *b = malloc(sizeof *b); b->n = n; return b; }
static int box_get(struct box *b) { return b->n; }
static int words(const char *s) { return strchr(s, ' ') ? 2 : 1; }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Box holds a number in C.
type Box struct{ p *C.struct_box }

// NewBox makes one.
func NewBox(n int) *Box {
	b := &Box{C.box_new(C.int(n))}
	runtime.SetFinalizer(b, func(b *Box) { C.free(unsafe.Pointer(b.p)) })
	return b
}

// Get is the number.
func (b *Box) Get() int {
	p := b.p
	runtime.GC()
	return int(C.box_get(p))
}

// Words counts up to two.
func Words(s string) int {
	c := C.CString(s)
	n := int(C.words(c))
	return n
}

// At indexes p.
func At(p *[8]int, i int) int {
	u := uintptr(unsafe.Pointer(p))
	runtime.GC()
	return *(*int)(unsafe.Pointer(u + uintptr(i)*8))
}
`,
	"read_linux.go": `package m

import (
	"syscall"
	"unsafe"
)

// First reads a byte.
func First(fd uintptr, prepare func()) (byte, syscall.Errno) {
	var b [1]byte
	p := uintptr(unsafe.Pointer(&b))
	prepare()
	_, _, err := syscall.Syscall(syscall.SYS_READ, fd, p, 1)
	return b[0], err
}
`,
	"m_test.go": `package m

import (
	"os"
	"testing"
)

func TestAll(t *testing.T) {
	b := NewBox(7)
	if n := b.Get(); n != 7 {
		t.Errorf("Get = %d", n)
	}
	if Words("one") != 1 || Words("to be") != 2 {
		t.Error("Words")
	}
	if n := At(&[8]int{3: 9}, 3); n != 9 {
		t.Errorf("At = %d", n)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w.WriteString("x")
	w.Close()
	if c, err := First(r.Fd(), func() {}); c != 'x' || err != 0 {
		t.Errorf("First = %q, %v", c, err)
	}
}
`,
}

// TestFirstFree fixes a package in which nothing has called C.free before, and
// leaves one alone in which the comment above import "C" does not declare it.
func TestFirstFree(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	for include, fixed := range map[string]int{"#include <stdlib.h>": 1, "#include <string.h>": 0} {
		dir := write(t, map[string]string{"go.mod": goMod, "a.go": `package m

/*
` + include + `
static int first(const char *s) { return *s; }
*/
import "C"
import "unsafe"

var Size = int(unsafe.Sizeof(C.int(0)))

func First(s string) int {
	c := C.CString(s)
	return int(C.first(c))
}
`})
		rep, err := Run(t.Context(), all(dir))
		if err == nil {
			err = rep.Write()
		}
		if err != nil || len(rep.Fixed) != fixed || len(rep.Left) != 1-fixed {
			t.Errorf("%s: fixed %v, left %v: %v", include, rep.Fixed, rep.Left, err)
		}
		build := exec.CommandContext(t.Context(), "go", "build", ".")
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", include, err, out, read(t, filepath.Join(dir, "a.go")))
		}
	}
}

// TestCgo fixes a package with C and Go, whose own tests pass before and after
// and in which nothing is found then.
func TestCgo(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := write(t, small)
	rep, err := Run(t.Context(), all(dir))
	if err == nil {
		err = rep.Write()
	}
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range rep.Fixed {
		got[f.Finding.Rule]++
	}
	for _, rule := range []string{"keepalive", "c-leak", "uintptr-roundtrip", "syscall-split"} {
		if got[rule] != 1 {
			t.Errorf("%d of %s fixed, want 1", got[rule], rule)
		}
	}
	for _, l := range rep.Left {
		t.Errorf("left: %s: %s", l.Finding.Message, l.Why)
	}
	t.Logf("%s", rep.Diff())
	cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("its tests: %v\n%s", err, out)
	}
	format := exec.CommandContext(t.Context(), "gofmt", "-l", dir)
	if out, err := format.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("not formatted: %s %v", out, err)
	}
	again, err := Run(t.Context(), all(dir))
	if err != nil || len(again.Fixed)+len(again.Left)+len(again.Files) > 0 {
		t.Errorf("the second run fixed %v, left %v: %v", again.Fixed, again.Left, err)
	}
	for _, name := range []string{"m_test.go", "go.mod"} {
		if read(t, filepath.Join(dir, name)) != small[name] {
			t.Errorf("%s was changed", name)
		}
	}
	if text := read(t, filepath.Join(dir, "box.go")); !strings.Contains(text, small["box.go"][:strings.Index(small["box.go"], "import (")]) {
		t.Error("the comment above import \"C\" was changed")
	}
}
