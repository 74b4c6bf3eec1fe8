package frame

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"moho/debuginfo"
	"moho/evidence"
	"moho/gotab"
	"moho/objfile"
)

// debug returns what DWARF says about the inside of fn, and its full name; not ok if there is no
// DWARF, or none of fn.
func (l *Layouts) debug(fn gotab.Func, f *Frame) (body debuginfo.Body, name string, ok bool) {
	if l.opts.NoDWARF || !l.p.Arch().BytePC {
		return debuginfo.Body{}, "", false
	}
	if !l.dwarfOpened {
		l.dwarfOpened = true
		l.dwarf, l.dwarfErr = debuginfo.Open(l.p.File)
	}
	err := l.dwarfErr
	if err == nil {
		var df debuginfo.Func
		if df, ok, err = l.dwarf.FuncAt(objfile.Addr(fn.Entry())); err == nil && ok {
			if ok = uint64(df.Low) == uint64(fn.Entry()); ok {
				name = df.Name()
				body, err = df.Body()
			}
		}
	}
	if err != nil {
		if !errors.Is(err, debuginfo.ErrNone) {
			f.gap("names and types of variables", err.Error())
		}
		return debuginfo.Body{}, "", false
	}
	return body, name, ok
}

// A variable is a piece of one that lies in the frame.
type variable struct {
	Slot
	inlined bool
}

// debugSlots names slots, and puts those that only DWARF knows: variables that
// lie in the frame at some instruction at least.
func (l *Layouts) debugSlots(lay *layout, fn gotab.Func, f *Frame) {
	body, name, ok := l.debug(fn, f)
	if !ok {
		return
	}
	f.DWARF = true
	cfa := int64(0) // from the entry SP
	if !l.p.Arch().HasLR {
		cfa = 8
	}
	var vars []variable
	for _, v := range body.Vars {
		locs, err := v.Locs()
		if err != nil {
			f.gap("where "+v.Name+" is", err.Error())
			continue
		}
		if why := implausible(v, locs); why != "" {
			f.gap("where "+v.Name+" is", why)
			continue
		}
		for _, loc := range locs {
			for _, p := range loc.Pieces {
				if s, ok := pieceSlot(v, p, cfa); ok {
					vars = append(vars, variable{s, v.Inline >= 0})
				}
			}
		}
	}
	// The function's own variables first, whole ones before pieces.
	slices.SortStableFunc(vars, func(a, b variable) int {
		if a.inlined != b.inlined {
			if a.inlined {
				return 1
			}
			return -1
		}
		return cmp.Compare(b.Size, a.Size)
	})
	for _, v := range vars {
		lay.nameOrPut(v.Slot)
	}
	nameArgs(lay, body, fn, name, l.p.Table.Version() < gotab.V120)
}

// implausible returns what is wrong with the locations of v. The compiler gives
// the parts of some slices beside the whole, and some structures of two words
// the register of one.
func implausible(v debuginfo.Var, locs []debuginfo.Loc) string {
	size := v.Type.Size()
	for _, loc := range locs {
		for _, p := range loc.Pieces {
			if end := p.Off + p.Size; size > 0 && end > size {
				return fmt.Sprintf("DWARF has pieces of %d bytes for a variable of %d", end, size)
			}
			if p.Kind == debuginfo.Register && p.Reg <= 16 && p.Size > 8 {
				return fmt.Sprintf("DWARF has %d bytes of it in one register", p.Size)
			}
		}
	}
	return ""
}

// pieceSlot returns the slot that a piece of v is in.
func pieceSlot(v debuginfo.Var, p debuginfo.Piece, cfa int64) (Slot, bool) {
	s := Slot{Off: p.At + cfa, Size: int64(p.Size), Kind: Local, How: evidence.Recorded, Why: "DWARF", Name: v.Name, Type: v.Type.Name()}
	switch p.Kind {
	case debuginfo.FrameRef:
		s.Size, s.Name, s.Type = 8, "&"+v.Name, "*"+s.Type
	case debuginfo.Frame:
		if s.Size == 0 {
			s.Size = int64(v.Type.Size())
		}
		if p.Off != 0 || uint64(s.Size) != v.Type.Size() {
			path, typ := v.Type.PathAt(p.Off)
			s.Name += path
			s.Type = typ.Name()
		}
	default:
		return Slot{}, false
	}
	switch {
	case s.Off >= 8 && v.Kind == debuginfo.Param:
		s.Kind = Argument
	case s.Off >= 8 && v.Kind == debuginfo.Result:
		s.Kind = Result
	case s.Off >= 8:
		s.Kind = ArgArea
	}
	return s, s.Size > 0 && s.Size < 1<<40 && s.Name != ""
}

// nameOrPut gives a slot of the same place the name of s, or puts s where there
// is none. A place that several variables share has the name of the first.
func (l *layout) nameOrPut(s Slot) {
	have := l.find(s.Off)
	if have == nil || have.Off != s.Off || have.Size != s.Size {
		l.put(s)
		return
	}
	if have.Name == "" {
		have.Name, have.Type = s.Name, s.Type
	}
}

// nameArgs names the words of arguments that FUNCDATA_ArgInfo describes, by
// counting: both list the arguments in the order of the source. Of a function whose
// name has type arguments the compiler leaves out the first, taking it for the
// pointer to the dictionary: that of a method is the second, other functions have
// none.
func nameArgs(lay *layout, body debuginfo.Body, fn gotab.Func, name string, old bool) {
	next, dict := -1, -1
	if strings.Contains(name, "[") {
		var known bool
		if dict, known = evidence.DictParam(name, old); !known {
			return
		}
		if dict < 0 {
			next = 0
		}
	}
	args, err := fn.ArgInfo(nil)
	if err != nil {
		return
	}
	var params []debuginfo.Var
	for _, v := range body.Vars {
		if v.Kind == debuginfo.Param && v.Inline < 0 {
			params = append(params, v)
		}
	}
	base := int64(-1)
	for _, a := range args {
		if a.Depth == 0 && (a.Kind == gotab.ArgOpen || a.Kind == gotab.ArgValue) {
			next, base = next+1, -1
		}
		if a.Kind == gotab.ArgMore && a.Depth == 0 {
			return
		}
		if a.Kind != gotab.ArgValue || next >= len(params) {
			continue
		}
		if base < 0 {
			base = a.Off
		}
		if dict == 1 && next == 0 {
			lay.nameOrPut(Slot{
				Off: a.Off, Size: int64(a.Size), Kind: Argument, How: evidence.Recorded, Why: "FUNCDATA_ArgInfo",
				Name: ".dict",
			})
			continue
		}
		v := params[next]
		if uint64(a.Off-base)+uint64(a.Size) > v.Type.Size() {
			return // they do not list the same
		}
		path, typ := v.Type.PathAt(uint64(a.Off - base))
		lay.nameOrPut(Slot{
			Off: a.Off, Size: int64(a.Size), Kind: Argument, How: evidence.Recorded, Why: "FUNCDATA_ArgInfo",
			Name: v.Name + path, Type: typ.Name(),
		})
	}
}
