//go:build linux

package value_test

import (
	"reflect"
	"strings"
	"testing"

	"moho/core"
	"moho/debuginfo"
	"moho/gostate/value"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestTypesAgree compares what DWARF says of types with what their descriptors
// in the running program say: both come from the compiler, by different ways.
func TestTypesAgree(t *testing.T) {
	configs := []testbin.Config{{}}
	if testbin.IsLong() {
		for _, v := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.27.3"} {
			configs = append(configs, testbin.Config{Go: v}, testbin.Config{Go: v, Mode: testbin.PIE}, testbin.Config{Go: v, GOARCH: "arm64"})
		}
	}
	for _, c := range configs {
		t.Run(c.String(), func(t *testing.T) {
			w, _ := died(t, "values", c)
			d, err := debuginfo.Open(w.Exe())
			if err != nil {
				t.Fatal(err)
			}
			a := agreement{t: t, r: value.NewReader(w), table: w.Table(), seen: map[debuginfo.Type]bool{}}
			a.base = uint64(w.Module().Types)
			a.bias = w.Bias()
			for f, err := range d.Funcs() {
				if err != nil {
					t.Fatal(err)
				}
				b, err := f.Body()
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range b.Vars {
					a.compare(v.Type, 0)
				}
			}
			if minor, _ := w.Layout(); minor >= 23 && a.wrong > 0 {
				t.Errorf("%d offsets of descriptors are addresses", a.wrong)
			}
			t.Logf("%d types of %d, %d fields", a.types, len(a.seen), a.fields)
			if a.types < 500 || a.fields < 800 {
				t.Errorf("only %d types of %d compared, %d fields", a.types, len(a.seen), a.fields)
			}
		})
	}
}

type agreement struct {
	t             *testing.T
	r             *value.Reader
	table         *gotab.Table
	base, bias    uint64
	seen          map[debuginfo.Type]bool
	types, fields int
	wrong         int
}

func (a *agreement) compare(d debuginfo.Type, depth int) {
	if a.seen[d] || d.Kind() == reflect.Invalid || depth > 20 {
		return
	}
	a.seen[d] = true
	fields, all := d.Fields(1 << 12)
	if d.Kind() == reflect.Struct {
		for _, f := range fields {
			a.compare(f.Type, depth+1)
		}
		if !all {
			a.t.Errorf("%s: not all fields", d.Name())
		}
	}
	a.compare(d.Elem(), depth+1)
	a.compare(d.Key(), depth+1)
	off := a.descriptor(d)
	if off == 0 {
		return
	}
	theirs, err := a.r.DWARF(d)
	if err != nil {
		a.t.Errorf("%s: %v", d.Name(), err)
		return
	}
	ours, err := a.r.Runtime(core.Addr(a.base + off))
	if err != nil {
		a.t.Errorf("%s: no descriptor at %#x: %v", d.Name(), off, err)
		return
	}
	a.types++
	if ours.Kind() != theirs.Kind() || ours.Size() != theirs.Size() {
		a.t.Errorf("%s is %v of %d bytes by DWARF, %s, %v of %d by its descriptor",
			d.Name(), theirs.Kind(), theirs.Size(), ours.Name(), ours.Kind(), ours.Size())
	}
	y, err := a.table.TypeAt(objfile.Addr(a.base + off - a.bias))
	if err != nil {
		a.t.Error(err)
		return
	}
	if n, ok := d.Len(); ok != (y.Kind == gotab.KindArray) || n != y.Len {
		a.t.Errorf("%s: %d elements by DWARF, %d by its descriptor", d.Name(), n, y.Len)
	}
	for _, p := range []struct {
		part debuginfo.Type
		addr objfile.Addr
	}{{d.Elem(), y.Elem}, {d.Key(), y.Key}} {
		if (p.part.Kind() == reflect.Invalid) != (p.addr == 0) {
			a.t.Errorf("%s: part %q by DWARF, %#x by its descriptor", d.Name(), p.part.Name(), p.addr)
		} else if off := a.descriptor(p.part); off != 0 && off+a.base-a.bias != uint64(p.addr) {
			a.t.Errorf("%s: part at %#x by DWARF, at %#x by its descriptor", d.Name(), off+a.base-a.bias, p.addr)
		}
	}
	if y.Kind == gotab.KindStruct {
		a.structure(d, fields, y)
	}
}

// descriptor returns Runtime of d, except where that is known to be wrong: Go
// 1.21 and 1.22 give an address instead of an offset for uintptr.
func (a *agreement) descriptor(d debuginfo.Type) uint64 {
	if off := d.Runtime(); d.Name() != "uintptr" || off < a.base-a.bias {
		return off
	}
	a.wrong++
	return 0
}

func (a *agreement) structure(d debuginfo.Type, theirs []debuginfo.Field, y gotab.Type) {
	ours, err := a.table.Fields(y)
	if err != nil || len(ours) != len(theirs) {
		a.t.Errorf("%s: %d fields by DWARF, %d by its descriptor: %v", d.Name(), len(theirs), len(ours), err)
		return
	}
	for i, f := range theirs {
		a.fields++
		name := f.Name[strings.LastIndexByte(f.Name, '.')+1:] // those of unnamed types have their package
		if g := ours[i]; name != g.Name || f.Off != g.Off || f.Embedded != g.Embedded {
			a.t.Errorf("%s: field %+v by DWARF, %+v by its descriptor", d.Name(), f, g)
		}
	}
}
