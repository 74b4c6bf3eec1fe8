package gotab_test

import (
	"debug/dwarf"
	"debug/elf"
	"slices"
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
)

// A variable is a parameter, a result or a local variable that DWARF places in
// a frame.
type variable struct {
	name  string
	param bool
	off   int64 // from the CFA
	size  int64
}

// variables returns what DWARF says about the frames of functions, by entry.
func variables(t *testing.T, path string) map[gotab.PC][]variable {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := f.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	out := map[gotab.PC][]variable{}
	var entry gotab.PC
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return out
		}
		switch e.Tag {
		case dwarf.TagSubprogram:
			lo, _ := e.Val(dwarf.AttrLowpc).(uint64)
			entry = gotab.PC(lo)
		case dwarf.TagInlinedSubroutine:
			r.SkipChildren()
		case dwarf.TagFormalParameter, dwarf.TagVariable:
			off, ok := frameOffset(e)
			typ, ok2 := e.Val(dwarf.AttrType).(dwarf.Offset)
			if !ok || !ok2 || entry == 0 {
				continue
			}
			y, err := d.Type(typ)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := e.Val(dwarf.AttrName).(string)
			result, _ := e.Val(dwarf.AttrVarParam).(bool)
			out[entry] = append(out[entry], variable{name, e.Tag == dwarf.TagFormalParameter && !result, off, y.Size()})
		}
	}
}

// frameOffset returns the offset of a variable that is always at one place in
// the frame, from the CFA.
func frameOffset(e *dwarf.Entry) (int64, bool) {
	const fbreg, callFrameCFA = 0x91, 0x9c
	loc, _ := e.Val(dwarf.AttrLocation).([]byte)
	switch {
	case len(loc) == 1 && loc[0] == callFrameCFA:
		return 0, true
	case len(loc) < 2 || loc[0] != fbreg:
		return 0, false
	}
	v, shift := int64(0), 0
	for _, c := range loc[1:] {
		v |= int64(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			if c&0x40 != 0 {
				v |= -1 << shift
			}
			return v, true
		}
	}
	return 0, false
}

// checkLocals looks for the variables of main.holds in the maps of its locals:
// the pointer lives at calls, the number is none.
func checkLocals(t *testing.T, tab *gotab.Table, cfa int64, vars map[gotab.PC][]variable) {
	t.Helper()
	f := one(t, tab, "main.holds")
	maps, err := f.LocalsMaps()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.PCDataRows(gotab.PCDataStackMapIndex)
	if err != nil {
		t.Fatal(err)
	}
	live := map[string]int{}
	for _, r := range rows {
		i, named := f.StackMapIndex(f.Entry() + gotab.PC(r.Start))
		if !named {
			continue
		}
		for bit := range maps.Bits {
			for _, v := range vars[f.Entry()] {
				if maps.Live(i, bit) && maps.Offset(bit) == v.off+cfa {
					live[v.name]++
				}
			}
		}
	}
	if live["pointer"] == 0 || len(live) != 1 {
		t.Errorf("main.holds: live at calls: %v of %+v; maps %v from %d on", live, vars[f.Entry()], bitmaps(maps), maps.Offset(0))
	}
}

// TestSlotsEqualDWARF compares places in frames with DWARF, in a program that is
// not optimised: there each variable has one. The parameters that are passed in
// memory are among the arguments that tracebacks print, and stack objects are
// where variables are.
func TestSlotsEqualDWARF(t *testing.T) {
	testbin.Serial(t)
	for _, c := range matrix() {
		if c.Mode != testbin.Plain {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			c.Flags = []string{"-gcflags=-N -l"}
			path := toy(t, c)
			_, tab := open(t, path)
			cfa := int64(8) // from the entry SP: what the call has pushed
			if c.GOARCH == "arm64" {
				cfa = 0
			}
			args, objects, named := 0, 0, 0
			for entry, vars := range variables(t, path) {
				f, ok := tab.FuncAt(entry)
				if !ok || f.Entry() != entry || len(f.Name()) < 5 || f.Name()[:5] != "main." {
					continue
				}
				info, err := f.ArgInfo(nil)
				if err != nil {
					t.Fatal(err)
				}
				at := map[int64]variable{}
				for _, v := range vars {
					at[v.off+cfa] = v
					// What came in a register has no one place. Results are
					// not described.
					if v.off < 0 || !v.param || len(info) == 0 {
						continue
					}
					args++
					if !slices.ContainsFunc(info, func(a gotab.Arg) bool {
						return a.Kind == gotab.ArgMore || a.Kind == gotab.ArgValue && a.Off == v.off+cfa && int64(a.Size) <= v.size
					}) {
						t.Errorf("%s: %+v is not among %s", f.Name(), v, argString(info))
					}
				}
				_, list, err := f.StackObjects()
				if err != nil {
					t.Fatal(err)
				}
				for o := range list {
					objects++
					if v, ok := at[o.Off]; ok && v.size == o.Size {
						named++
					}
				}
			}
			checkLocals(t, tab, cfa, variables(t, path))
			t.Logf("%d arguments, %d stack objects, %d of them variables with a name", args, objects, named)
			if tab.Version() > gotab.V116 && args < 1 || objects < 8 || named < 2 {
				t.Errorf("%d arguments, %d stack objects, %d of them variables with a name", args, objects, named)
			}
		})
	}
}
