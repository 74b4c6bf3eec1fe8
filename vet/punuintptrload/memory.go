package punuintptrload

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// A place is memory that was declared to hold integers.
type place struct {
	name   string
	values []ssafn.Elem // what was put there
}

// pointers reports slices of pointers.
func pointers(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	return ok && prov.IsPointer(s.Elem())
}

// memory lists the places that a pointer is read from at addr and that hold
// integers by their declared type.
func memory(p *ssafn.Program, addr ssa.Value) []place {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		base := prov.Strip(a.X)
		if base == a.X {
			return nil
		}
		st, ok := prov.Pointee(a.X.Type()).Underlying().(*types.Struct)
		if !ok {
			return nil
		}
		if _, ok := p.Sizeof(st); !ok {
			return nil
		}
		return field(p, base, offset(p, st, a.Field))
	case *ssa.IndexAddr:
		return elements(p, a.X)
	}
	base := prov.Strip(addr)
	if base == addr {
		return nil
	}
	return cell(p, base)
}

// cell is memory that pointer base, of an integer's or struct's pointer type,
// refers to.
func cell(p *ssafn.Program, base ssa.Value) []place {
	t := prov.Pointee(base.Type())
	switch {
	case t == nil:
		return nil
	case prov.IsInteger(t):
		return stored(p, base)
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		if prov.IsInteger(u.Elem()) {
			stores, _ := p.StoresTo(base)
			var out []place
			for _, s := range stores {
				out = append(out, place{"elements of a slice", p.Elems(s.Val)})
			}
			return append(out, place{"elements of a slice", p.Elems(base)})
		}
	case *types.Array:
		if prov.IsInteger(u.Elem()) {
			return []place{{prov.CellName(base), p.Elems(base)}}
		}
	case *types.Struct:
		if prov.HeaderShape(t) {
			return nil // header-literal looks at those
		}
		return field(p, base, 0)
	}
	return nil
}

// stored lists what is put into the integer that base points to.
func stored(p *ssafn.Program, base ssa.Value) []place {
	var out []place
	for _, c := range prov.Cells(p, base) {
		if ia, ok := c.(*ssa.IndexAddr); ok {
			out = append(out, place{"an element", p.Elems(ia.X)})
			continue
		}
		var list []ssafn.Elem
		stores, _ := p.StoresTo(c)
		for _, s := range stores {
			list = append(list, ssafn.Elem{Val: s.Val, At: s})
		}
		out = append(out, place{prov.CellName(c), append(list, p.Elems(c)...)})
	}
	return out
}

// field is the integer at an offset in the struct that base points to.
func field(p *ssafn.Program, base ssa.Value, off int64) []place {
	t := prov.Pointee(base.Type())
	if t == nil {
		return nil
	}
	if prov.IsInteger(t) && off == 0 {
		return stored(p, base)
	}
	for range 8 {
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return nil
		}
		if _, ok := p.Sizeof(st); !ok {
			return nil
		}
		i := at(p, st, off)
		if i < 0 {
			return nil
		}
		f := st.Field(i)
		off -= offset(p, st, i)
		if prov.IsInteger(f.Type()) && off == 0 {
			stores := local(base, i)
			if len(stores) == 0 {
				stores = p.StoresToVar(f)
			}
			var list []ssafn.Elem
			for _, s := range stores {
				list = append(list, ssafn.Elem{Val: s.Val, At: s})
			}
			return []place{{"field " + f.Name(), list}}
		}
		t = f.Type()
	}
	return nil
}

// local lists the stores to a field of the very variable that base points to.
func local(base ssa.Value, field int) []*ssa.Store {
	a, ok := base.(*ssa.Alloc)
	if !ok {
		return nil
	}
	var out []*ssa.Store
	for _, ref := range *a.Referrers() {
		fa, ok := ref.(*ssa.FieldAddr)
		if !ok || fa.Field != field {
			continue
		}
		for _, r := range *fa.Referrers() {
			if s, ok := r.(*ssa.Store); ok && s.Addr == fa {
				out = append(out, s)
			}
		}
	}
	return out
}

// elements is the array or slice that container is a view of.
func elements(p *ssafn.Program, container ssa.Value) []place {
	if call, ok := container.(*ssa.Call); ok {
		b, ok := call.Call.Value.(*ssa.Builtin)
		if !ok || b.Name() != "Slice" {
			return nil
		}
		container = call.Call.Args[0]
	}
	base := prov.Strip(container)
	if base == container {
		return nil
	}
	if ia, ok := base.(*ssa.IndexAddr); ok && prov.IsInteger(prov.Pointee(ia.Type())) {
		return []place{{"an element", p.Elems(ia.X)}}
	}
	if call, ok := base.(*ssa.Call); ok {
		if b, ok := call.Call.Value.(*ssa.Builtin); ok && b.Name() == "SliceData" {
			return []place{{"an element", p.Elems(call.Call.Args[0])}}
		}
	}
	return cell(p, base)
}

func offset(p *ssafn.Program, st *types.Struct, field int) int64 {
	fields := make([]*types.Var, st.NumFields())
	for i := range fields {
		fields[i] = st.Field(i)
	}
	return p.Sizes.Offsetsof(fields)[field]
}

// at returns the field that covers an offset, -1 without one.
func at(p *ssafn.Program, st *types.Struct, off int64) int {
	for i := st.NumFields() - 1; i >= 0; i-- {
		if start := offset(p, st, i); start <= off && off < start+p.Sizes.Sizeof(st.Field(i).Type()) {
			return i
		}
	}
	return -1
}
