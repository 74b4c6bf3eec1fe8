package gostate

import (
	"encoding/binary"
	"errors"
	"fmt"

	"moho/arch"
	"moho/core"
	"moho/gotab"
	"moho/objfile"
)

// errAbsent means that the core does not hold the bytes.
var errAbsent = errors.New("not in the core")

// maxData bounds the program's own variables.
const maxData = 16 << 30

// tables lets gotab read the process's memory: there every address has its
// final value, as if the program had been linked where it was loaded.
type tables struct {
	mem  *memory
	arch *arch.Arch
}

func (t tables) Arch() *arch.Arch { return t.arch }

func (t tables) Slice(a objfile.Addr, n int) ([]byte, error) {
	if b, ok := (&view{mem: t.mem}).bytes(core.Addr(a), n); ok {
		return b, nil
	}
	return nil, fmt.Errorf("address %#x, %d bytes: %w", uint64(a), n, errAbsent)
}

func (t tables) Word(a objfile.Addr) (uint64, error) {
	if x, ok := (&view{mem: t.mem}).word(core.Addr(a)); ok {
		return x, nil
	}
	return 0, fmt.Errorf("address %#x: %w", uint64(a), errAbsent)
}

// setVariables notes where the program's variables are.
func (w *World) setVariables(m gotab.Module) error {
	lo, hi := ^uint64(0), uint64(0)
	for _, r := range [...][2]objfile.Addr{
		{m.NoPtrData, m.ENoPtrData}, {m.Data, m.EData}, {m.BSS, m.EBSS}, {m.NoPtrBSS, m.ENoPtrBSS},
	} {
		if r[0] < r[1] {
			lo, hi = min(lo, uint64(r[0])), max(hi, uint64(r[1]))
		}
	}
	if lo >= hi || hi-lo > maxData {
		return fmt.Errorf("module data at %#x: variables from %#x to %#x", uint64(m.Addr), lo, hi)
	}
	w.mod, w.dataLo, w.dataHi = m, lo, hi
	return nil
}

// setSegments stands in for a moduledata that cannot be read: the variables are
// somewhere in the writable memory of the executable.
func (w *World) setSegments(f *objfile.File) {
	w.dataLo, w.dataHi = ^uint64(0), 0
	for _, s := range f.Segments() {
		if lo := uint64(s.Addr) + w.bias; s.Write && s.MemSize > 0 && s.MemSize <= maxData {
			w.dataLo, w.dataHi = min(w.dataLo, lo), max(w.dataHi, lo+s.MemSize)
		}
	}
}

// openText finds tables, memory and layout in the core alone.
func (w *World) openText() error {
	w.mem = newMemory(w.proc)
	mem := tables{w.mem, w.arch}
	var why error = ErrNoText
	for i, run := range w.mem.runs {
		base := uint64(w.mem.starts[i])
		if base%8 != 0 {
			continue
		}
		for _, off := range gotab.FindHeaders(run, w.arch, 16) {
			mod, err := w.moduleFor(base + uint64(off))
			if err != nil {
				continue
			}
			if w.table, err = gotab.NewModule(mem, mod); err != nil {
				why = errors.Join(why, err)
				continue
			}
			if err := w.setVariables(mod); err != nil {
				why = errors.Join(why, err)
				continue
			}
			return w.chooseLayout()
		}
	}
	return fmt.Errorf("gostate: %s: %w", w.proc.Name(), why)
}

// moduleFor finds the moduledata that names the pclntab at the given address.
func (w *World) moduleFor(pclntab uint64) (gotab.Module, error) {
	mem := tables{w.mem, w.arch}
	for _, r := range w.proc.Regions() {
		if !r.Write || r.FileSize == 0 {
			continue
		}
		for at := r.Addr; at < r.End(); { // a region may be in several pieces
			start, run, ok := w.mem.find(at)
			if !ok {
				break
			}
			run = run[at-start:]
			for off := uint64(-at & 7); off+8 <= uint64(len(run)); off += 8 {
				if binary.LittleEndian.Uint64(run[off:]) != pclntab {
					continue
				}
				if m, err := gotab.ReadModule(mem, objfile.Addr(uint64(at)+off)); err == nil && uint64(m.PCHeader) == pclntab {
					return m, nil
				}
			}
			at += core.Addr(len(run))
		}
	}
	return gotab.Module{}, errAbsent
}
