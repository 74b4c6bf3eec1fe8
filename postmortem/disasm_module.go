package postmortem

import (
	"errors"
	"fmt"
	"io"

	"moho/core"
	"moho/decode"
	"moho/gotab"
)

// disassembleWASM reads the body of a function of a module. A PC there is the
// number of the function and of a resume block in it; the instruction that is
// marked is the first of that block, or, of a return address, the call that
// ends the block before it.
func (c *Case) disassembleWASM(at CodeAt) (Disasm, error) {
	look := at.PC
	if look == 0 {
		look = at.Entry
	}
	f, pc, ok := c.World.FuncAt(look)
	exe := c.World.Exe()
	if !ok || exe == nil {
		return Disasm{}, fmt.Errorf("no function at %#x of the module", uint64(look))
	}
	index, ok := f.CodeIndex()
	if !ok {
		return Disasm{}, fmt.Errorf("%s has no body in the module", f.Name())
	}
	fn, ok := exe.WASMFunc(index + uint32(exe.WASMNumImports()))
	if !ok {
		return Disasm{}, fmt.Errorf("%s: the module has no function %d", f.Name(), index)
	}
	body := exe.WASMBody(fn)
	w, err := decode.NewWASM(body)
	if err != nil {
		return Disasm{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	d := Disasm{
		Schema: SchemaDisasm, Func: gotab.PrintName(f.Name()), Entry: hexAddr(core.Addr(f.Entry())),
		Size: uint64(len(body)), Insts: []DisasmInst{},
	}
	block, found, call := int(pc-f.Entry()), -1, -1
	if at.PC == 0 {
		block = -1
	} else {
		d.PC = hexAddr(at.PC)
	}
	name := func(dst []byte, index uint64) []byte { return append(dst, exe.WASMFuncName(uint32(index))...) }
	walk := f.Walk()
	var in decode.WASMInst
	var p gotab.Point
	for last := -1; ; {
		err := w.Next(&in)
		if errors.Is(err, io.EOF) {
			break
		}
		x := DisasmInst{Address: hexAddr(core.Addr(f.Entry())), Off: uint64(in.Off), Len: max(in.Len, 1)}
		if err != nil {
			x.Text = "(" + err.Error() + ")"
			d.Insts = append(d.Insts, x)
			break
		}
		if in.Block > last {
			last = in.Block
			p = walk.At(uint32(last))
			if at.PC != 0 && found < 0 && last >= block {
				if found = len(d.Insts); at.Return && call >= 0 {
					found = call
				}
			}
		}
		if last >= 0 {
			x.Address = hexAddr(core.Addr(f.Entry()) + core.Addr(last))
			x.Line, x.Source = int(p.Line), c.World.Table().File(p.File)
			if p.HasSP {
				sp := p.SP
				x.SP = &sp
			}
		}
		if in.SetsSP || in.Flow == decode.Call || in.Flow == decode.CallIndirect {
			p.HasSP = false // until the next block, where the table says it again
		}
		if in.Flow == decode.Call || in.Flow == decode.CallIndirect {
			call = len(d.Insts)
		}
		x.Bytes = fmt.Sprintf("%x", body[in.Off:in.Off+in.Len])
		x.Text = string(w.AppendText(nil, &in, name))
		d.Insts = append(d.Insts, x)
	}
	if found >= 0 && found < len(d.Insts) {
		d.Insts[found].Current = true
		if k := at.Around; k > 0 {
			lo, hi := max(found-k, 0), min(found+k+1, len(d.Insts))
			d.Before, d.After = lo, len(d.Insts)-hi
			d.Insts = d.Insts[lo:hi]
		}
	}
	return d, nil
}
