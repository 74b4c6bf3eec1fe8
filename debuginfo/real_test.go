package debuginfo_test

import (
	"debug/dwarf"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/debuginfo"
	"moho/internal/testbin"
	"moho/objfile"
)

// matrix returns the builds to test: of every release in the long part, both
// versions of DWARF, C and Go's own linker otherwise.
func matrix() []testbin.Config {
	var out []testbin.Config
	add := func(release, goarch string, mode testbin.Mode) {
		out = append(out, testbin.Config{Go: release, GOOS: "linux", GOARCH: goarch, Mode: mode})
	}
	if testbin.IsLong() {
		for _, release := range testbin.Releases {
			for _, goarch := range []string{"amd64", "arm64"} {
				add(release, goarch, testbin.Plain)
			}
			add(release, "amd64", testbin.External)
		}
		return out
	}
	add("1.24.13", "amd64", testbin.Plain)
	add("1.26.8", "amd64", testbin.External)
	add("1.26.8", "arm64", testbin.Plain)
	add("1.27.3", "amd64", testbin.Plain)
	return out
}

// every runs test for each build of the toy.
func every(t *testing.T, test func(t *testing.T, path string)) {
	for _, c := range matrix() {
		t.Run(c.String(), func(t *testing.T) { test(t, testbin.Build(t, testbin.Toy(t), c)) })
	}
}

func open(tb testing.TB, path string) *debuginfo.Data {
	tb.Helper()
	f, err := objfile.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	d, err := debuginfo.Open(f)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// other opens the same file with the standard library.
func other(tb testing.TB, path string) *dwarf.Data {
	tb.Helper()
	var f interface {
		Close() error
		DWARF() (*dwarf.Data, error)
	}
	f, err := elf.Open(path)
	if err != nil {
		if f, err = pe.Open(path); err != nil {
			f, err = macho.Open(path)
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	d, err := f.DWARF()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// funcs describes all functions, their variables and inlined calls.
func funcs(t *testing.T, d *debuginfo.Data) []string {
	t.Helper()
	var out []string
	for f, err := range d.Funcs() {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%#x %#x %s %d", f.Low, f.High, f.Name(), f.Line())
		b, err := f.Body()
		if err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		for _, c := range b.Inlines {
			line += fmt.Sprintf("\n  call %s line %d in %d ranges %x", c.Name, c.Line, c.Parent, c.Ranges)
		}
		for _, v := range b.Vars {
			line += fmt.Sprintf("\n  %v %s line %d in %d %s", v.Kind, v.Name, v.Line, v.Inline, v.Type.Name())
			if n := v.Type.Size(); n != 0 {
				line += fmt.Sprintf(" of %d", n)
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

// TestFuncsEqualStandardLibrary reads what every function is called, where it is
// and what is in it, and asks debug/dwarf the same.
func TestFuncsEqualStandardLibrary(t *testing.T) {
	test := func(t *testing.T, path string) {
		got := funcs(t, open(t, path))
		want := otherFuncs(t, other(t, path))
		if len(got) < 1000 {
			t.Errorf("only %d functions", len(got))
		}
		bad := 0
		for i := range max(len(got), len(want)) {
			var g, w string
			if i < len(got) {
				g = got[i]
			}
			if i < len(want) {
				w = want[i]
			}
			if g != w {
				t.Errorf("debug/dwarf (-), debuginfo (+):\n%s", cmp.Diff(w, g))
				if bad++; bad > 3 {
					break
				}
			}
		}
	}
	every(t, test)
	for i, release := range testbin.Releases {
		for _, c := range []testbin.Config{{GOOS: "windows", GOARCH: "amd64"}, {GOOS: "darwin", GOARCH: "arm64"}} {
			if c.Go = release; testbin.IsLong() || i == len(testbin.Releases)-2 {
				t.Run(c.String(), func(t *testing.T) { test(t, testbin.Build(t, testbin.Toy(t), c)) })
			}
		}
	}
}

// otherFuncs is funcs from the standard library's reader.
func otherFuncs(t *testing.T, d *dwarf.Data) []string {
	t.Helper()
	var out []string
	r := d.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		if e.Tag != dwarf.TagSubprogram {
			continue
		}
		ranges, err := d.Ranges(e)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, rg := range ranges {
			if rg[0] == 0 || rg[0] >= rg[1] {
				continue
			}
			if text == "" {
				text = (&otherBody{t: t, d: d}).read(e)
			}
			out = append(out, fmt.Sprintf("%#x %#x %s %d%s", rg[0], rg[1], otherName(t, d, e), otherLine(t, d, e), text))
		}
	}
	slices.Sort(out)
	return out
}

// otherBody walks the entries below one function.
type otherBody struct {
	t     *testing.T
	d     *dwarf.Data
	calls []string
	vars  []string
}

func (b *otherBody) read(e *dwarf.Entry) string {
	if !e.Children {
		return ""
	}
	r := b.d.Reader()
	r.Seek(e.Offset)
	if _, err := r.Next(); err != nil {
		b.t.Fatal(err)
	}
	b.walk(r, -1)
	return strings.Join(append(b.calls, b.vars...), "")
}

func (b *otherBody) walk(r *dwarf.Reader, inline int) {
	for {
		e, err := r.Next()
		if err != nil {
			b.t.Fatal(err)
		}
		if e == nil || e.Tag == 0 {
			return
		}
		in := inline
		switch e.Tag {
		case dwarf.TagLexDwarfBlock:
		case dwarf.TagInlinedSubroutine:
			in = len(b.calls)
			ranges, err := b.d.Ranges(e)
			if err != nil {
				b.t.Fatal(err)
			}
			var rs []debuginfo.Range
			for _, x := range ranges {
				if x[0] < x[1] {
					rs = append(rs, debuginfo.Range{Low: objfile.Addr(x[0]), High: objfile.Addr(x[1])})
				}
			}
			line, _ := e.Val(dwarf.AttrCallLine).(int64)
			b.calls = append(b.calls, fmt.Sprintf("\n  call %s line %d in %d ranges %x", otherName(b.t, b.d, e), line, inline, rs))
		case dwarf.TagFormalParameter, dwarf.TagVariable:
			kind := "local"
			if e.Tag == dwarf.TagFormalParameter {
				kind = "param"
			}
			if v, _ := otherAttr(b.t, b.d, e, dwarf.AttrVarParam).(bool); v {
				kind = "result"
			}
			line := fmt.Sprintf("\n  %s %s line %d in %d", kind, otherName(b.t, b.d, e), otherLine(b.t, b.d, e), inline)
			b.vars = append(b.vars, line+" "+b.otherType(e))
			if e.Children {
				r.SkipChildren()
			}
			continue
		default:
			if e.Children {
				r.SkipChildren()
			}
			continue
		}
		if e.Children {
			b.walk(r, in)
		}
	}
}

func (b *otherBody) otherType(e *dwarf.Entry) string {
	off, ok := otherAttr(b.t, b.d, e, dwarf.AttrType).(dwarf.Offset)
	if !ok {
		return ""
	}
	return b.typeAt(off)
}

func (b *otherBody) typeAt(off dwarf.Offset) string {
	typ, err := b.d.Type(off)
	if err != nil {
		b.t.Fatal(err)
	}
	r := b.d.Reader()
	r.Seek(off)
	te, err := r.Next()
	if err != nil {
		b.t.Fatal(err)
	}
	name, ok := te.Val(dwarf.AttrName).(string)
	if to, is := te.Val(dwarf.AttrType).(dwarf.Offset); is && strings.HasPrefix(name, ".param") {
		return b.typeAt(to) // what stands for a type parameter
	}
	if !ok { // of C; Go's types all have a name
		name = strings.NewReplacer("struct ", "", "const ", "", "volatile ", "", "[-1]", "[]", "{}", "struct").Replace(typ.String())
		if before, _, ok := strings.Cut(name, "func("); ok {
			name = before + "func"
		}
	}
	if n := typ.Size(); n > 0 {
		name += fmt.Sprintf(" of %d", n)
	}
	return name
}

// otherAttr looks an attribute up, in the abstract origin too.
func otherAttr(t *testing.T, d *dwarf.Data, e *dwarf.Entry, a dwarf.Attr) any {
	t.Helper()
	for range 8 {
		if v := e.Val(a); v != nil {
			return v
		}
		off, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			if off, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset); !ok {
				return nil
			}
		}
		r := d.Reader()
		r.Seek(off)
		var err error
		if e, err = r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	return nil
}

func otherName(t *testing.T, d *dwarf.Data, e *dwarf.Entry) string {
	t.Helper()
	if s, ok := otherAttr(t, d, e, dwarf.AttrLinkageName).(string); ok {
		return s
	}
	s, _ := otherAttr(t, d, e, dwarf.AttrName).(string)
	return s
}

func otherLine(t *testing.T, d *dwarf.Data, e *dwarf.Entry) int64 {
	t.Helper()
	n, _ := otherAttr(t, d, e, dwarf.AttrDeclLine).(int64)
	return n
}
