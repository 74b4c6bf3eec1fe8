package extent

import (
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// Enough reports whether the slice or string that o is an element of reaches
// need bytes from the pointer, as seen in block: by a comparison, an access, or
// because all callers of an unexported function see to it. trusting says that
// a comparison of its length with something that is not constant will do. least
// is the number of elements that it has for certain.
func Enough(p *ssafn.Program, o Object, need int64, block *ssa.BasicBlock, trusting bool) (least int64, ok bool) {
	index := int64(0)
	if o.Index != nil {
		i, known := prov.Int(o.Index)
		if !known {
			// &b[i]: any look at the length counts.
			if _, symbolic := MinLen(o.Slice, o.At); symbolic {
				return 0, true
			}
		}
		index = i
	}
	least, symbolic := MinLen(o.Slice, block)
	symbolic = symbolic || sizedByCode(o.Slice)
	if symbolic && trusting || (least-index)*o.Elem >= need {
		return least, true
	}
	return least, trusting && callersEnough(p, o, need, index)
}

func callersEnough(p *ssafn.Program, o Object, need, index int64) bool {
	s, ok := o.Slice.(*ssa.Parameter)
	if !ok {
		return false
	}
	calls, complete := p.Callers(s.Parent())
	for _, c := range calls {
		slice := prov.Argument(c, s)
		if slice == nil {
			return false
		}
		least, symbolic := MinLen(slice, c.Block())
		if !symbolic && !sizedByCode(slice) && (least-index)*o.Elem < need {
			return false
		}
	}
	return complete
}

// sizedByCode reports a slice whose length the code itself has worked out: made
// with a length, or cut out of another one.
func sizedByCode(s ssa.Value) bool {
	switch s := s.(type) {
	case *ssa.MakeSlice:
		return true
	case *ssa.Slice:
		if s.High != nil {
			return true
		}
		if s.Low == nil {
			return sizedByCode(s.X)
		}
		_, symbolic := MinLen(s.X, s.Block())
		return symbolic || sizedByCode(s.X)
	}
	return false
}
