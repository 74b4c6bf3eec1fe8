package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"strings"

	"moho/gostate/internal/layout"
)

// readDWARF collects the values that package layout names. Names that the
// binary does not have are absent from the map, but a struct that is missing
// altogether is an error: then the program or the reader is at fault.
func readDWARF(f *elf.File) (map[string]int64, error) {
	d, err := f.DWARF()
	if err != nil {
		return nil, err
	}
	types := make(map[string]*dwarf.StructType)
	values := make(map[string]int64)
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		switch e.Tag {
		case dwarf.TagStructType:
			if strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/maps.") {
				t, err := d.Type(e.Offset)
				if err != nil {
					return nil, err
				}
				types[name] = t.(*dwarf.StructType)
			}
		case dwarf.TagSubprogram:
			r.SkipChildren()
		}
	}
	for _, name := range layout.Names() {
		if err := resolve(types, name, values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// resolve finds one struct size or field offset and adds it to values.
func resolve(types map[string]*dwarf.StructType, name string, values map[string]int64) error {
	if s, ok := strings.CutPrefix(name, "sizeof "); ok {
		t, ok := types[s]
		if !ok {
			return fmt.Errorf("type %s: not in DWARF", s)
		}
		values[name] = t.ByteSize
		return nil
	}
	parts := strings.Split(name, ".")
	root := parts[0] + "." + parts[1]
	st, ok := types[root]
	if !ok && layout.Optional(name) {
		return nil
	}
	if !ok {
		return fmt.Errorf("type %s: not in DWARF", root)
	}
	var off int64
	for i, part := range parts[2:] {
		f := field(st, part)
		if f == nil {
			return nil // this version has none
		}
		off += f.ByteOffset
		if i == len(parts[2:])-1 {
			break
		}
		if st, ok = under(f.Type).(*dwarf.StructType); !ok {
			return fmt.Errorf("%s: field %s is %v, want a struct", name, part, f.Type)
		}
	}
	values[name] = off
	return nil
}

func field(st *dwarf.StructType, name string) *dwarf.StructField {
	for _, f := range st.Field {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func under(t dwarf.Type) dwarf.Type {
	for {
		td, ok := t.(*dwarf.TypedefType)
		if !ok {
			return t
		}
		t = td.Type
	}
}
