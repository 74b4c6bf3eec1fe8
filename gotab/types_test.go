package gotab_test

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// described writes what the tables say about a type in the words of the test
// program, which lies bias higher in memory.
func described(t *testing.T, tab *gotab.Table, y gotab.Type, bias uint64) string {
	t.Helper()
	at := func(a objfile.Addr) string { return fmt.Sprintf("%#x", uint64(a)+bias) }
	s := fmt.Sprintf("type %s\t%s\t%s\t%v\t%d\t%d\t%t\n", at(y.Addr), y.Name, y.PkgPath, y.Kind, y.Size, y.Align, y.Defined)
	fields, err := tab.Fields(y)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		s += fmt.Sprintf("field %s\t%q\t%s\t%d\t%t\t%t\n", f.Name, f.Tag, at(f.Type), f.Off, f.Exported, f.Embedded)
	}
	in, out, variadic, err := tab.Signature(y)
	if err != nil {
		t.Fatal(err)
	}
	if y.Kind == gotab.KindFunc {
		s += "signature"
		for _, p := range in {
			s += " " + at(p)
		}
		s += fmt.Sprintf(" %t", variadic)
		for _, p := range out {
			s += " " + at(p)
		}
		s += "\n"
	}
	if y.Key != 0 {
		s += "key " + at(y.Key) + "\n"
	}
	if y.Elem != 0 {
		s += fmt.Sprintf("elem %s %d\n", at(y.Elem), y.Len)
	}
	methods, err := tab.Methods(y)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		switch {
		case y.Kind == gotab.KindInterface:
			s += fmt.Sprintf("imethod %s\t%s\t%s\n", m.Name, at(m.Type), m.PkgPath)
		case m.Exported && m.Linked:
			s += fmt.Sprintf("method %s\t%#x\n", m.Name, uint64(m.Func)+bias)
		case m.Exported:
			s += "method " + m.Name + "\tis not linked\n"
		}
	}
	return s
}

// TestTypesEqualReflect asks the program itself what its types are.
func TestTypesEqualReflect(t *testing.T) {
	every(t, func(t *testing.T, c testbin.Config) {
		if c.GOARCH != "amd64" {
			return // the program must run here; TestTypesEqualDWARF has the others
		}
		path := testbin.Build(t, testbin.Dir(t, "testdata/src/types"), c)
		_, tab := open(t, path)
		out := testbin.Run(t, path)
		b := bias(t, tab, out)
		want, count := "", 0
		known := map[objfile.Addr]string{}
		for y, err := range tab.Types() {
			if err != nil {
				t.Errorf("%#x: %v", uint64(y.Addr), err)
			}
			known[y.Addr] = y.Name
		}
		missed := 0
		check := func() {
			if want == "" {
				return
			}
			var a uint64
			if _, err := fmt.Sscanf(want, "type %v", &a); err != nil {
				t.Fatalf("%q: %v", want, err)
			}
			y, err := tab.TypeAt(objfile.Addr(a - b))
			if err != nil {
				t.Errorf("%v\n%s", err, want)
				return
			}
			if known[y.Addr] != y.Name {
				missed++
				t.Errorf("the walk does not find %s at %#x", y.Name, uint64(y.Addr))
			}
			count++
			if got := described(t, tab, y, b); got != want {
				t.Errorf("reflect (-), file (+):\n%s", cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
			}
		}
		itabs := 0
		for line := range strings.Lines(out) {
			switch {
			case strings.HasPrefix(line, "type "):
				check()
				want = line
			case strings.HasPrefix(line, "itab "):
				check()
				want = ""
				itabs++
				checkItab(t, tab, line, b)
			case !strings.HasPrefix(line, "main "):
				want += line
			}
		}
		t.Logf("%d types of %d", count, len(known))
		if count < 140 || itabs != 3 {
			t.Errorf("%d types, %d itabs", count, itabs)
		}
	})
}

// checkItab compares one itab, of which the program gives address, interface,
// type and first method.
func checkItab(t *testing.T, tab *gotab.Table, line string, bias uint64) {
	t.Helper()
	var at, inter, typ, fun uint64
	if _, err := fmt.Sscanf(line, "itab %v %v %v %v", &at, &inter, &typ, &fun); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	for it, err := range tab.Itabs() {
		if err != nil {
			t.Fatal(err)
		}
		if uint64(it.Addr)+bias != at {
			continue
		}
		if uint64(it.Inter)+bias != inter || uint64(it.Type)+bias != typ || len(it.Funcs) == 0 || uint64(it.Funcs[0])+bias != fun {
			t.Errorf("%+v, want %s", it, line)
		}
		return
	}
	t.Errorf("no itab for %s", line)
}

// TestTypesLarge reads all types of a large program: each is read, each method
// that is linked begins a function whose name ends in the method's, each itab
// leads to functions.
func TestTypesLarge(t *testing.T) {
	_, tab := open(t, large(t))
	types, methods, wrong := 0, 0, 0
	var last objfile.Addr
	kinds := map[gotab.Kind]int{}
	for y, err := range tab.Types() {
		if err != nil || y.Addr <= last {
			t.Fatalf("%#x after %#x: %v", uint64(y.Addr), uint64(last), err)
		}
		last = y.Addr
		types++
		kinds[y.Kind]++
		ms, err := tab.Methods(y)
		if err != nil {
			t.Fatal(err)
		}
		if !sort.SliceIsSorted(ms, func(i, j int) bool {
			if ms[i].Exported != ms[j].Exported {
				return ms[i].Exported
			}
			return ms[i].Name < ms[j].Name
		}) {
			t.Errorf("%s: methods are not sorted", y.Name)
		}
		for _, m := range ms {
			if !m.Linked {
				continue
			}
			methods++
			f, ok := tab.FuncAt(m.Func)
			if !ok || f.Entry() != m.Func {
				t.Errorf("%s.%s is at %#x", y.Name, m.Name, m.Func)
			}
			if !strings.HasSuffix(f.Name(), "."+m.Name) {
				if wrong++; wrong < 10 {
					t.Logf("%s.%s is %s", y.Name, m.Name, f.Name())
				}
			}
		}
	}
	itabs := 0
	for it, err := range tab.Itabs() {
		if err != nil {
			t.Fatal(err)
		}
		itabs++
		for _, pc := range it.Funcs {
			if f, ok := tab.FuncAt(pc); !ok || f.Entry() != pc {
				t.Errorf("itab at %#x: %#x", uint64(it.Addr), pc)
			}
		}
	}
	t.Logf("%d types %v, %d methods, %d with another name, %d itabs", types, kinds, methods, wrong, itabs)
	if types < 4000 || methods < 3000 || wrong*50 > methods || itabs < 300 {
		t.Errorf("%d types, %d methods, %d with another name, %d itabs", types, methods, wrong, itabs)
	}
}

// TestTypesEqualDWARF finds the types that DWARF knows the descriptors of.
// What it does not find nothing refers to but code: the variables that a closure
// captures, interfaces that are asserted.
func TestTypesEqualDWARF(t *testing.T) {
	every(t, func(t *testing.T, c testbin.Config) {
		path := testbin.Build(t, testbin.Dir(t, "testdata/src/types"), c)
		_, tab := open(t, path)
		mod, _ := tab.Module()
		known := map[objfile.Addr]bool{}
		for y, err := range tab.Types() {
			if err != nil {
				t.Fatal(err)
			}
			known[y.Addr] = true
		}
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		d, err := f.DWARF()
		if err != nil {
			t.Fatal(err)
		}
		const goKind, goRuntimeType = dwarf.Attr(0x2900), dwarf.Attr(0x2904)
		compared, missed, defined := 0, 0, 0
		for r := d.Reader(); ; {
			e, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if e == nil {
				break
			}
			off, ok := e.Val(goRuntimeType).(uint64) // from Types
			kind, ok2 := e.Val(goKind).(int64)
			name, _ := e.Val(dwarf.AttrName).(string)
			if !ok || !ok2 || off == 0 || off > uint64(mod.ETypes-mod.Types) {
				continue
			}
			y, err := tab.TypeAt(mod.Types + objfile.Addr(off))
			if err != nil {
				t.Fatal(name, err)
			}
			compared++
			if !known[y.Addr] && !strings.HasPrefix(name, "noalg.") && y.Kind != gotab.KindInterface {
				missed++
				t.Logf("not found: %s", y.Name)
			}
			if kind != 0 && gotab.Kind(kind) != y.Kind { // 0 of pointers that the linker described
				t.Errorf("%s: kind %v, DWARF %v", name, y.Kind, gotab.Kind(kind))
			}
			if size, ok := e.Val(dwarf.AttrByteSize).(int64); ok && uint64(size) != y.Size {
				t.Errorf("%s: %d bytes, DWARF %d", name, y.Size, size)
			}
			name, _, _ = strings.Cut(name, "·") // types within functions are counted in DWARF
			if y.Defined && y.PkgPath != "" && y.PkgPath != "go.shape" && !strings.Contains(name, "[") {
				defined++
				if _, short, _ := strings.Cut(y.Name, "."); y.PkgPath+"."+short != name {
					t.Errorf("%s.%s: DWARF %s", y.PkgPath, short, name)
				}
			}
		}
		t.Logf("%d types, %d of a package, %d not found", compared, defined, missed)
		if compared < 700 || defined < 200 || missed*200 > compared {
			t.Errorf("%d types, %d of a package, %d not found", compared, defined, missed)
		}
	}, testbin.Plain)
}
