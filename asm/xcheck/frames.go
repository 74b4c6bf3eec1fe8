package xcheck

import (
	"fmt"

	"moho/debuginfo"
	"moho/gotab"
	"moho/objfile"
)

// frames compares, for every function, how far SP is below its value at the
// entry: the pcsp table of the pclntab and DWARF's call frame information. Go's
// linker writes the one from the other, so that agreement shows that nobody has
// changed one of them and that both are read rightly, no more. That SP really
// moves so is for a look at the instructions to prove.
func (c *comparison) frames(d *debuginfo.Data) error {
	a := c.f.Arch()
	if a == nil || !a.BytePC {
		return nil
	}
	pushed := int64(a.PtrSize) // the return address, by the call
	if a.HasLR {
		pushed = 0
	}
	var cfas []debuginfo.CFA
	es := c.pcln.entries
	next := 0
	for f, err := range d.CallFrames() {
		if err != nil {
			return err
		}
		if next >= len(es) || es[next].addr != f.Low { // they are in the order of the text
			if next = find(es, f.Low); next == len(es) || es[next].addr != f.Low {
				continue // compared as an extra function
			}
		}
		o := es[next]
		next++
		if cfas, err = f.AppendCFAs(cfas[:0]); err != nil {
			return err
		}
		fn, err := c.t.Func(o.ref)
		if err != nil {
			return err
		}
		rows, err := fn.SPRows()
		if err != nil {
			return err
		}
		if at, want, got, ok := unlike(o, rows, cfas, pushed); !ok {
			d := c.diff(&list{source: DWARF}, Frame, o)
			d.Why = fmt.Sprintf("SP is %s below its value at the entry in the call frame information at +%#x, %s in the pclntab", got, at, want)
			c.differ(d)
		}
	}
	return nil
}

// unlike returns the first offset in o at which rows and cfas differ, and what
// each says there.
func unlike(o entry, rows []gotab.Row, cfas []debuginfo.CFA, pushed int64) (at objfile.Addr, want, got string, same bool) {
	for len(rows) > 0 && len(cfas) > 0 {
		r, f := rows[0], cfas[0]
		at = max(objfile.Addr(r.Start), f.Low-o.addr)
		if !f.Known {
			return at, fmt.Sprint(r.Value), "an expression", false
		}
		if int64(r.Value)+pushed != f.Off {
			return at, fmt.Sprint(r.Value), fmt.Sprint(f.Off - pushed), false
		}
		end := f.High - o.addr
		if objfile.Addr(r.End) <= end {
			rows = rows[1:]
		}
		if end <= objfile.Addr(r.End) {
			cfas = cfas[1:]
		}
	}
	return 0, "", "", true
}
