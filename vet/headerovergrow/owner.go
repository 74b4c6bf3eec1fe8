package headerovergrow

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/extent"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// An owner is the string or slice variable whose header is written, with what
// the function writes to it.
type owner struct {
	p    *ssafn.Program
	word extent.Word
	size int64 // of a word

	data   []*ssa.Store // to its address
	caps   []*ssa.Store // to its capacity
	object extent.Object
}

func (o *owner) collect(all []write) {
	for _, w := range all {
		for _, h := range w.words {
			if !extent.SameValue(h.Owner, o.word.Owner) {
				continue
			}
			switch h.Off {
			case 0:
				o.data = append(o.data, w.store)
			case 2 * o.size:
				o.caps = append(o.caps, w.store)
			}
		}
	}
}

func (o *owner) elem() int64 {
	t := o.word.Owner.Type().Underlying().(*types.Pointer).Elem()
	if s, ok := t.Underlying().(*types.Slice); ok {
		if n, ok := o.p.Sizeof(s.Elem()); ok {
			return n
		}
		return 0
	}
	return 1
}

// judge says how bad a store to the length or capacity is, and why; "" when
// nothing speaks against it.
func (o *owner) judge(s *ssa.Store) (evidence.Severity, string) {
	if o.elem() == 0 {
		return "", ""
	}
	if o.word.Off == o.size && len(o.caps) > 0 {
		return o.judgeLength(s)
	}
	memory := o.memory()
	n := o.word.Resolve(s.Val)
	at := s.Block()
	limit, known := extent.UpperConst(s.Val, at)
	if !known {
		limit, known = extent.UpperConst(n, at)
	}
	roomy := false
	for _, m := range memory {
		roomy = roomy || m.May && (m.Bytes < 0 || known && limit*o.elem() <= m.Bytes)
	}
	for _, m := range memory {
		if m.Bytes < 0 || !known || limit*o.elem() <= m.Bytes || m.May && roomy || m.Typed {
			continue
		}
		o.object = m
		return evidence.High, fmt.Sprintf("but %s ends after %d bytes, %d elements", m.Text, m.Bytes, m.Bytes/o.elem())
	}
	if o.related(s, memory, known, limit) {
		return "", ""
	}
	return evidence.Medium, "which nothing compares with what it had"
}

// judgeLength compares a length with the capacity that is set along with it.
func (o *owner) judgeLength(s *ssa.Store) (evidence.Severity, string) {
	n, ok := extent.UpperConst(o.word.Resolve(s.Val), s.Block())
	for _, c := range o.caps {
		limit, known := constInt(o.word.Resolve(c.Val))
		if !ok || !known || n <= limit {
			return "", ""
		}
	}
	return evidence.High, "more than the capacity that is set along with it"
}

// memory lists what the variable's memory is: what its address is set to, or
// what was assigned to the variable.
func (o *owner) memory() (list []extent.Object) {
	if len(o.data) > 0 {
		for _, s := range o.data {
			if !isUintptr(s.Val.Type()) {
				list = append(list, extent.Memory(o.p, s.Val)...)
				continue
			}
			for _, b := range prov.Births(o.p, s.Val, nil) {
				list = append(list, extent.Memory(o.p, b.Pointer)...)
			}
		}
		return list
	}
	stores, _ := o.p.StoresTo(o.word.Owner)
	for _, s := range stores {
		if !prov.IsHeaderOwner(s.Val.Type()) {
			continue
		}
		found := extent.Memory(o.p, s.Val)
		for i := range found {
			found[i].May = found[i].May || len(stores) > 1
		}
		list = append(list, found...)
	}
	return list
}

// related reports whether the number has to do with how much memory there is.
func (o *owner) related(s *ssa.Store, memory []extent.Object, known bool, limit int64) bool {
	if known && limit <= 0 {
		return true
	}
	if len(o.data) > 0 && len(memory) == 0 {
		return true // memory that nothing is known of
	}
	for _, m := range memory {
		switch {
		case m.Slice == nil && m.Bytes < 0:
			return true
		case m.Slice == nil:
			if known {
				return true
			}
		case known:
			if least, symbolic := extent.MinLen(m.Slice, s.Block()); symbolic || limit <= least {
				return true
			}
		case extent.AtMostLen(s.Val, m.Slice, s.Block()):
			return true
		}
	}
	if known && !constantly(s.Val) {
		return true // somebody bounded it
	}
	if extent.AtMost(s.Val, s.Block(), o.isLength) || extent.Guarded(s.Val, s.Block()) {
		return true
	}
	return len(o.data) > 0 && (!isParameter(s.Val) || o.given()) || o.scaled(s.Val)
}

// given reports an address that is a parameter too: it comes with its length.
func (o *owner) given() bool {
	for _, s := range o.data {
		v := s.Val
		for {
			if c, ok := v.(*ssa.Convert); ok {
				v = c.X
				continue
			}
			break
		}
		if _, ok := v.(*ssa.Parameter); ok {
			return true
		}
	}
	return false
}

// isLength reports a value that is a length or capacity: of the variable, read
// from its header, or of what was assigned to it.
func (o *owner) isLength(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.Call:
		b, ok := v.Call.Value.(*ssa.Builtin)
		if !ok || b.Name() != "len" && b.Name() != "cap" {
			return false
		}
		load, ok := v.Call.Args[0].(*ssa.UnOp)
		if ok && load.Op == token.MUL && extent.SameValue(load.X, o.word.Owner) {
			return true
		}
		stores, _ := o.p.StoresTo(o.word.Owner)
		for _, s := range stores {
			if extent.SameValue(s.Val, v.Call.Args[0]) {
				return true
			}
		}
		return len(o.data) > 0
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return false
		}
		for _, w := range extent.Words(o.p, v.X) {
			if w.Off > 0 && (len(o.data) > 0 || extent.SameValue(w.Owner, o.word.Owner)) {
				return true
			}
		}
	}
	return false
}

// scaled reports a length multiplied where the elements became smaller: the
// slice was read, as another type, from a slice of larger elements.
func (o *owner) scaled(v ssa.Value) bool {
	b, ok := stripInt(v).(*ssa.BinOp)
	if !ok || b.Op != token.MUL && b.Op != token.SHL {
		return false
	}
	by, ok := constInt(b.Y)
	if !ok {
		if by, ok = constInt(b.X); !ok {
			return false
		}
	}
	if b.Op == token.SHL {
		by = 1 << min(by, 30)
	}
	stores, _ := o.p.StoresTo(o.word.Owner)
	for _, s := range stores {
		if from := o.punned(s.Val); from >= by*o.elem() {
			return true
		}
	}
	return false
}

// punned is the size of an element of the slice that v was read from as
// another type, 0 when it was not.
func (o *owner) punned(v ssa.Value) int64 {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return 0
	}
	ptr, ok := prov.Strip(load.X).Type().Underlying().(*types.Pointer)
	if !ok {
		return 0
	}
	s, ok := ptr.Elem().Underlying().(*types.Slice)
	if !ok {
		return 0
	}
	n, _ := o.p.Sizeof(s.Elem())
	return n
}

func (o *owner) name() string {
	kind := "a slice"
	if _, ok := o.word.Owner.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Basic); ok {
		kind = "a string"
	}
	switch v := o.word.Owner.(type) {
	case *ssa.Alloc:
		if v.Comment != "" && v.Comment != "new" && v.Comment != "complit" {
			return kind[2:] + " " + v.Comment
		}
	case *ssa.Global:
		return kind[2:] + " " + v.Name()
	case *ssa.Parameter:
		return kind[2:] + " *" + v.Name()
	case *ssa.FieldAddr:
		if f := ssafn.Field(v); f != nil {
			return kind[2:] + " " + f.Name()
		}
	}
	return kind
}

func valueText(v ssa.Value) string {
	v = stripInt(v)
	if n, ok := constInt(v); ok {
		return fmt.Sprint(n)
	}
	switch v := v.(type) {
	case *ssa.Parameter:
		return v.Name()
	case *ssa.Phi:
		if v.Comment != "" {
			return v.Comment
		}
	}
	return "a number"
}

func stripInt(v ssa.Value) ssa.Value {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			return v
		}
		v = c.X
	}
}

func constInt(v ssa.Value) (int64, bool) {
	c, ok := stripInt(v).(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(c.Value)
}

func constantly(v ssa.Value) bool { _, ok := constInt(v); return ok }

func isParameter(v ssa.Value) bool { _, ok := stripInt(v).(*ssa.Parameter); return ok }

func isUintptr(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uintptr
}
