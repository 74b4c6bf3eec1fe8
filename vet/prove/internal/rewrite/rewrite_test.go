package rewrite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// exportData lists the export data of the packages that test sources import, in the
// form of an import configuration.
var exportData = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}",
		"reflect", "sync/atomic", "syscall", "unsafe").Output()
	return string(out), err
})

// rewritten returns what becomes of a file of package p, and checks that it compiles.
func rewritten(t *testing.T, src string) string {
	t.Helper()
	cfg, err := exportData()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	tool, err := exec.Command("go", "tool", "-n", "compile").Output()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		strings.TrimSpace(string(tool)), "-p", "p", "-importcfg", write("cfg", cfg), "-o", filepath.Join(dir, "p.a"),
		"-complete", "-lang=go1.20", "-pack", write("p.go", "package p\n\n"+src),
	}
	c := parseCommand(args)
	changed, err := c.rewrite()
	if err != nil {
		t.Fatal(err)
	}
	if changed == nil {
		return src
	}
	if out, code := runQuiet(changed); code != 0 {
		t.Fatalf("does not compile: %s", out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "moho0", "p.go"))
	if err != nil {
		t.Fatal(err)
	}
	line, text, _ := strings.Cut(string(b), "\n")
	if want := fmt.Sprintf("//line %s:1:1", filepath.Join(dir, "p.go")); line != want {
		t.Errorf("begins with %q, want %q", line, want)
	}
	if n, m := strings.Count(text, "\n"), strings.Count("package p\n\n"+src, "\n"); n != m+1 && n != m {
		t.Errorf("%d lines have become %d", m, n)
	}
	return strings.TrimPrefix(text, "package p\n\n")
}

// TestRewrite: what each construct becomes. Without want the source stays as it is.
func TestRewrite(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{
			"views escape",
			`func f(p *int, n int) []int { return unsafe.Slice(p, n) }`,
			`unsafe.Slice(_mohoEsc(p), n)`,
		},
		{
			"a string view",
			`func f(b []byte) string { return *(*string)(unsafe.Pointer(&b)) }`,
			`return _mohoStr(*(*string)(unsafe.Pointer(&b)))`,
		},
		{
			"a string view by builtin",
			`func f(b []byte) string { return unsafe.String(&b[0], 3) }`,
			`return _mohoStr(unsafe.String(_mohoEsc(&b[0]), 3))`,
		},
		{"a string stays one", `func f(s string) string { return *(*string)(unsafe.Pointer(&s)) }`, ""},
		{"a string that is stored to", `func f(b []byte) { *(*string)(unsafe.Pointer(&b)) = "" }`, ""},
		{
			"an integer is born",
			`func f(p *int) uintptr { u := uintptr(unsafe.Pointer(p)); return u }`,
			`u := _mohoBirth(uintptr(unsafe.Pointer(p)))`,
		},
		{
			"an integer that arithmetic has changed",
			`type s struct{ at uint64 }; func f(p *int) s { return s{at: uint64(uintptr(unsafe.Pointer(p)) &^ 7)} }`,
			`at: uint64(_mohoBirth(uintptr(unsafe.Pointer(p))) &^ 7)`,
		},
		{"an integer that goes straight back", `func f(p *int) *int { return (*int)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + 8)) }`, ""},
		{"a system call as it should be", `func f(p *int) { syscall.Syscall(1, uintptr(unsafe.Pointer(p)), 0, 0) }`, ""},
		{
			"a system call with an integer",
			`func f(u uintptr) { syscall.Syscall(1, 2, u, 0) }`,
			`syscall.Syscall(1, 2, _mohoInt(u, false), 0)`,
		},
		{
			"a system call whose callers keep the pointer",
			"//go:uintptrescapes\nfunc f(u uintptr) { syscall.Syscall(1, 2, u, 0) }",
			"",
		},
		{
			"an integer is passed on",
			`func g(u uintptr) {}; func f(p *int) { g(uintptr(unsafe.Pointer(p))) }`,
			`g(_mohoBirth(uintptr(unsafe.Pointer(p))))`,
		},
		{
			"a header grows",
			`func f(b []uint32, n int) { h := (*reflect.SliceHeader)(unsafe.Pointer(&b)); h.Len = n; h.Cap = n }`,
			`h.Cap = n; _mohoAt(h, 4, true) }`,
		},
		{
			"a header in branches",
			"func f(b []byte, n int) {\nh := (*reflect.SliceHeader)(unsafe.Pointer(&b))\nif n > 1 {\nh.Len = n\n}\nh.Cap = 2\n}",
			"h.Len = n\n}\nh.Cap = 2; _mohoAt(h, 1, true)\n}",
		},
		{
			"a header of one's own",
			`type hdr struct{ p unsafe.Pointer; n int }; func f(s string) { h := (*hdr)(unsafe.Pointer(&s)); h.n++ }`,
			`h.n++; _mohoAt(h, 1, false) }`,
		},
		{"a struct that only looks like a header", `type hdr struct{ p unsafe.Pointer; n int }; func f(h *hdr) { h.n++ }`, ""},
		{
			"a header literal",
			`func f(u uintptr) reflect.StringHeader { return reflect.StringHeader{Data: u, Len: 1} }`,
			`reflect.StringHeader{Data: _mohoData(u), Len: 1}`,
		},
		{
			"a header variable",
			`func f(u uintptr) { var h reflect.SliceHeader; h.Data = u; _ = h }`,
			`h.Data = _mohoData(u); _ = h`,
		},
		{
			"an integer read as a pointer",
			`func f(u uintptr) *int { return *(**int)(unsafe.Pointer(&u)) }`,
			`return _mohoPtr(*(**int)(unsafe.Pointer(&u)))`,
		},
		{"bits", `func f(x float64) uint64 { return *(*uint64)(unsafe.Pointer(&x)) }`, ""},
		{
			"a sum",
			`func f(p unsafe.Pointer, n uint32) unsafe.Pointer { return unsafe.Add(p, n) }`,
			`return _mohoAdd(unsafe.Pointer(p), n)`,
		},
		{
			"an atomic operation",
			`func f(b []byte) { atomic.AddUint64((*uint64)(unsafe.Pointer(&b[1])), 1) }`,
			`atomic.AddUint64(_mohoAlign((*uint64)(unsafe.Pointer(&b[1])), 8), 1)`,
		},
		{"an atomic operation on a variable", `var x uint64; func f() { atomic.AddUint64(&x, 1) }`, ""},
		{
			"an atomic type",
			`func f(b []byte) { (*atomic.Int64)(unsafe.Pointer(&b[1])).Add(1) }`,
			`_mohoAlign((*atomic.Int64)(unsafe.Pointer(&b[1])), 8).Add(1)`,
		},
		{
			"bytes are written",
			`func f(b []byte, c byte) { _ = unsafe.Pointer(nil); b[0] = c; copy(b[2:], "x") }`,
			`b[0] = c; _mohoBytes(b); copy(b[2:], "x"); _mohoBytes(b) }`,
		},
		{"no split", "//go:nosplit\nfunc f(p *int, n int) []int { return unsafe.Slice(p, n) }", ""},
		{
			"type parameters",
			`func f[T any, P ~*T](p P, u uintptr) *T { b := unsafe.Slice((*T)(p), 3); _ = b; return *(**T)(unsafe.Pointer(&u)) }`,
			`unsafe.Slice(_mohoEsc((*T)(p)), 3)`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := "import (\n\"reflect\"\n\"sync/atomic\"\n\"syscall\"\n\"unsafe\"\n)\n\nvar (\n_ reflect.Kind\n_ atomic.Int32\n_ syscall.Errno\n_ unsafe.Pointer\n)\n\n" + tt.src + "\n"
			got := rewritten(t, src)
			switch {
			case tt.want == "" && got != src:
				t.Errorf("changed:\n%s", got[strings.LastIndex(got, "\n\n"):])
			case !strings.Contains(got, tt.want):
				t.Errorf("no %q in:\n%s", tt.want, got[strings.LastIndex(got, "\n\n"):])
			}
		})
	}
}

// TestIgnored: Go's own library is left alone, and so is what does not compile code.
func TestIgnored(t *testing.T) {
	for _, args := range [][]string{
		{"compile", "-std", "-o", "x", "-p", "p", "-importcfg", "cfg", "rewrite_test.go"},
		{"compile", "-o", "x", "-p", "p", "rewrite_test.go"},
		{"compile", "-o", "x", "-p", "p", "-importcfg", "cfg"},
	} {
		changed, err := parseCommand(args).rewrite()
		if changed != nil || err != nil {
			t.Errorf("%v: %v, %v", args, changed, err)
		}
	}
}

// TestOldLanguage: a module of the time before type parameters is rewritten too.
func TestOldLanguage(t *testing.T) {
	for v, old := range map[string]bool{"go1.9": true, "go1.17": true, "go1.20": false, "go1.26": false, "go2.1": false, "": false} {
		if before120(v) != old {
			t.Errorf("%s: %v", v, !old)
		}
	}
}

// TestID: the identity is that of the text.
func TestID(t *testing.T) {
	if len(ID()) != 24 {
		t.Errorf("ID %q", ID())
	}
}
