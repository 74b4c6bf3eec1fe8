package gotab

import (
	"fmt"

	"moho/objfile"
)

// A Module is what the runtime's moduledata says: where the parts of the
// program are. All are link addresses.
type Module struct {
	Addr     objfile.Addr // of the moduledata itself
	PCHeader objfile.Addr // of the pclntab

	Text, EText  PC // bounds of the text; on wasm 0 and the number of functions
	MinPC, MaxPC PC

	NoPtrData, ENoPtrData objfile.Addr
	Data, EData           objfile.Addr
	BSS, EBSS             objfile.Addr
	NoPtrBSS, ENoPtrBSS   objfile.Addr

	// Layout is the oldest Go release whose moduledata has this layout: "1.16",
	// "1.18", "1.20", "1.26" or "1.27"; "" if none fits, and then what follows is zero.
	Layout    string
	End       objfile.Addr
	Types     objfile.Addr
	ETypes    objfile.Addr
	ROData    objfile.Addr
	GoFunc    objfile.Addr // base of funcdata, 0 before Go 1.18
	EPclnTab  objfile.Addr // end of pclntab and funcdata, 0 before Go 1.26
	TextSects []TextSect

	// TypeLinks and ItabLinks lie as they did until Go 1.26: offsets of types
	// from Types, 4 bytes each, and pointers to itabs. Since Go 1.27 type
	// descriptors lie side by side from Types to ETypeDesc, and itabs in Itabs.
	TypeLinks, ItabLinks Span // Len in entries
	ETypeDesc            objfile.Addr
	Itabs                Span // Len in bytes

	size int // bytes in the pclntab
}

// A Span is what lies at Addr, Len bytes or entries long.
type Span struct {
	Addr objfile.Addr
	Len  uint64
}

// A TextSect is one of the sections that text was split into: offsets Off to
// End from the text base lie at Addr.
type TextSect struct {
	Off, End uint32
	Addr     PC
}

// Word indexes into moduledata that have been the same since Go 1.18.
const (
	mdPCHeader, mdFuncNames, mdCUTab, mdFileTab, mdPCTab, mdPCLn, mdFTab = 0, 1, 4, 7, 10, 13, 16

	mdMinPC, mdText, mdNoPtrData, mdStable = 20, 22, 24, 32
)

const (
	maxModuleWords = 52   // words of a moduledata that are read; the longest layout needs 51
	maxTextSects   = 4096 // pieces that the linker has cut the text into
)

// ReadModule decodes the moduledata at address at of m. It is accepted only if
// it agrees with the pclntab that it points to in eight words and with itself
// in the order of its bounds, so that a chance hit is as good as impossible.
// Errors wrap objfile.ErrFormat, or are those of m.
//
// Source: $GOROOT/src/runtime/symtab.go (moduledata, moduledataverify1), go1.26.
func ReadModule(m Memory, at objfile.Addr) (Module, error) {
	a := m.Arch()
	if a == nil || a.PtrSize != 8 {
		return Module{}, fmt.Errorf("moduledata: machine is not one whose tables are read: %w", objfile.ErrFormat)
	}
	var w [maxModuleWords]uint64
	n := 0
	for ; n < len(w); n++ {
		v, err := m.Word(at + objfile.Addr(8*n))
		if err != nil && n < mdStable {
			return Module{}, fmt.Errorf("moduledata: word %d: %w", n, err)
		}
		if err != nil {
			break // at the very end of its segment; layouts that need more won't fit
		}
		w[n] = v
	}
	hdrAt := objfile.Addr(w[mdPCHeader])
	b, err := m.Slice(hdrAt, headerSize)
	if err != nil {
		return Module{}, fmt.Errorf("moduledata: pcHeader: %w", err)
	}
	h, err := readHeader(b, 1<<40, a)
	if err != nil {
		return Module{}, err
	}
	for _, t := range []struct {
		name string
		word int
		off  uint64
	}{
		{"funcnametab", mdFuncNames, h.names},
		{"cutab", mdCUTab, h.cu},
		{"filetab", mdFileTab, h.files},
		{"pctab", mdPCTab, h.pctab},
		{"pclntable", mdPCLn, h.fns},
		{"ftab", mdFTab, h.fns},
	} {
		if w[t.word] != uint64(hdrAt)+t.off || w[t.word+1] != w[t.word+2] {
			return Module{}, moduleErr("%s is {%#x %d %d}, want address %#x", t.name, w[t.word], w[t.word+1], w[t.word+2], uint64(hdrAt)+t.off)
		}
	}
	if w[mdFTab+1] != h.nfunc+1 {
		return Module{}, moduleErr("ftab has %d entries, nfunc is %d", w[mdFTab+1], h.nfunc)
	}
	mod := Module{
		Addr: at, PCHeader: hdrAt,
		MinPC: PC(w[mdMinPC]), MaxPC: PC(w[mdMinPC+1]), Text: PC(w[mdText]), EText: PC(w[mdText+1]),
	}
	size := h.fns + w[mdPCLn+1]
	if size > 1<<40 || int64(int(size)) != int64(size) {
		return Module{}, moduleErr("pclntable has %d bytes", w[mdPCLn+1])
	}
	mod.size = int(size)
	for i, p := range []*objfile.Addr{
		&mod.NoPtrData, &mod.ENoPtrData, &mod.Data, &mod.EData, &mod.BSS, &mod.EBSS, &mod.NoPtrBSS, &mod.ENoPtrBSS,
	} {
		*p = objfile.Addr(w[mdNoPtrData+i])
	}
	if err := mod.check(a.BytePC); err != nil {
		return Module{}, err
	}
	for _, l := range layouts {
		if (l.since == since116) == (h.version == V116) && l.words() <= n && mod.fits(m, l, w[:n]) {
			break
		}
	}
	return mod, nil
}

// check compares the bounds with each other. On wasm a PC and the text base
// have different units.
func (mod *Module) check(bytePC bool) error {
	if bytePC && !(mod.Text <= mod.MinPC && mod.MinPC < mod.MaxPC && mod.MaxPC <= mod.EText) {
		return moduleErr("text %#x to %#x does not enclose minpc %#x to maxpc %#x", mod.Text, mod.EText, mod.MinPC, mod.MaxPC)
	}
	if mod.NoPtrData > mod.ENoPtrData || mod.Data > mod.EData || mod.BSS > mod.EBSS || mod.NoPtrBSS > mod.ENoPtrBSS {
		return moduleErr("data %#x to %#x or bss %#x to %#x is not a range",
			uint64(mod.Data), uint64(mod.EData), uint64(mod.BSS), uint64(mod.EBSS))
	}
	return nil
}

func moduleErr(what string, args ...any) error {
	return fmt.Errorf("moduledata: %s: %w", fmt.Sprintf(what, args...), objfile.ErrFormat)
}
