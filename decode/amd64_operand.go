package decode

import (
	"strconv"

	"golang.org/x/arch/x86/x86asm"
)

// appendPlace appends an address as GNU objdump does, with <name> if it has one.
func appendPlace(dst []byte, addr uint64, name Symbolizer) []byte {
	dst = strconv.AppendUint(dst, addr, 16)
	return appendNamed(dst, addr, name)
}

func appendNamed(dst []byte, addr uint64, name Symbolizer) []byte {
	if name == nil {
		return dst
	}
	n := len(dst)
	if dst = name(append(dst, " <"...), addr); len(dst) > n+2 {
		return append(dst, '>')
	}
	return dst[:n]
}

// signedHex appends a displacement.
func (w *x86Writer) signedHex(n int64, plus bool) {
	u := uint64(n)
	switch {
	case n < 0:
		w.b = append(w.b, '-')
		u = -u
	case plus:
		w.b = append(w.b, '+')
	}
	w.b = appendHex(w.b, u)
}

// mem appends an operand in memory.
func (w *x86Writer) mem(a x86asm.Mem) {
	if a.Segment == x86asm.FS || a.Segment == x86asm.GS || stringSize(w.x) != 0 {
		w.reg(a.Segment)
		w.b = append(w.b, ':')
	}
	pc := a.Base == x86asm.RIP || a.Base == x86asm.EIP
	if pc { // the key of a form has no displacement
		a.Disp = w.in.Mem.Disp - int64(w.in.PC) - int64(w.in.Len)
	}
	if w.intel {
		w.intelMem(a, pc)
		return
	}
	mod, sib := byte(0), false
	if w.s.modrm != 0 {
		mod = w.code[w.s.modrm] >> 6
		sib = w.code[w.s.modrm]&7 == 4
	}
	switch {
	case a.Base == 0 && a.Index == 0 && a.Disp < 0: // an absolute address
		w.b = appendHex(w.b, uint64(a.Disp))
	case pc || mod != 0 || a.Base == 0:
		w.signedHex(a.Disp, false)
	}
	if a.Base == 0 && a.Index == 0 {
		return
	}
	w.b = append(w.b, '(')
	if a.Base != 0 {
		w.reg(a.Base)
	}
	none := sib && a.Index == 0 && a.Base != 0 && w.code[w.s.modrm+1]>>6 != 0
	switch {
	case a.Index != 0:
		w.b = append(w.b, ',')
		w.reg(a.Index)
		w.b = append(w.b, ',', '0'+max(a.Scale, 1))
	case none || sib && a.Index == 0 && a.Base != x86asm.RSP && a.Base != x86asm.R12:
		w.str(",%riz,")
		w.b = append(w.b, '0'+1<<(w.code[w.s.modrm+1]>>6))
	}
	w.b = append(w.b, ')')
	w.pcRel = w.pcRel || pc
}

func (w *x86Writer) intelMem(a x86asm.Mem, pc bool) {
	if a.Base == 0 && a.Index == 0 {
		if w.b[len(w.b)-1] != ':' {
			w.str("ds:")
		}
		w.b = appendHex(w.b, uint64(a.Disp))
		return
	}
	mod := byte(0)
	if w.s.modrm != 0 {
		mod = w.code[w.s.modrm] >> 6
	}
	w.b = append(w.b, '[')
	if a.Base != 0 {
		w.reg(a.Base)
	}
	if a.Index != 0 {
		if a.Base != 0 {
			w.b = append(w.b, '+')
		}
		w.reg(a.Index)
		w.b = append(w.b, '*', '0'+max(a.Scale, 1))
	}
	switch {
	case pc:
		w.b = appendHex(append(w.b, '+'), uint64(a.Disp))
	case mod != 0 || a.Base == 0:
		w.signedHex(a.Disp, true)
	}
	w.b = append(w.b, ']')
	w.pcRel = w.pcRel || pc
}

// size appends the size of the operand in memory, as Intel's syntax has it.
func (w *x86Writer) size() {
	if w.x.Op == x86asm.LEA {
		return
	}
	n := w.x.MemBytes
	if n == 0 {
		n = int(stringSize(w.x))
	}
	switch n {
	case 0:
		if noAccess(w.x.Op) {
			w.str("BYTE PTR ")
		}
	case 1:
		w.str("BYTE PTR ")
	case 2:
		w.str("WORD PTR ")
	case 4:
		w.str("DWORD PTR ")
	case 6:
		w.str("FWORD PTR ")
	case 8:
		w.str("QWORD PTR ")
	case 10:
		w.str("TBYTE PTR ")
	case 16:
		w.str("XMMWORD PTR ")
	case 32:
		w.str("YMMWORD PTR ")
	case 64:
		w.str("ZMMWORD PTR ")
	}
}

// broadcast appends how many elements one is copied to.
func (w *x86Writer) broadcast() {
	if n := w.x.MemBytes; n > 0 {
		w.str("{1to")
		w.b = strconv.AppendInt(w.b, int64(16<<w.s.vecLen/n), 10)
		w.b = append(w.b, '}')
	}
}
