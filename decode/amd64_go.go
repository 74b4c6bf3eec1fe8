package decode

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// goAMD64 appends x in Go's syntax. Where an address belongs that depends on
// the place, it leaves a hole.
func (o *ops) goAMD64(t *template, x *x86asm.Inst, s shape) {
	switch {
	case s.lock:
		t.str("LOCK; ")
	case s.rep == 0xf3 && stringSize(x) != 0 && s.vex == 0:
		t.str("REP; ")
	case s.rep == 0xf2 && stringSize(x) != 0 && s.vex == 0:
		t.str("REPN; ")
	}
	o.goMnemonic(t, x, s)
	if stringSize(x) != 0 || x.Op == x86asm.XLATB { // operands are always the same
		return
	}
	n := 0
	for n < len(x.Args) && x.Args[n] != nil {
		n++
	}
	t.b = append(t.b, ' ')
	for i := range n {
		if i > 0 {
			t.str(", ")
		}
		a := x.Args[n-1-i]
		switch x.Op {
		case x86asm.CMP, x86asm.ENTER: // these read from left to right
			a = x.Args[i]
		case x86asm.CMPPS, x86asm.CMPPD, x86asm.CMPSS, x86asm.CMPSD_XMM: // the immediate comes last
			a = x.Args[(n+1-i)%n]
		}
		t.goArg(x, a)
	}
	if n == 0 {
		t.b = t.b[:len(t.b)-1]
	}
}

// sizeLetter is B, W, L or Q for a size in bytes.
func sizeLetter(n int) byte {
	switch n {
	case 1:
		return 'B'
	case 2:
		return 'W'
	case 8:
		return 'Q'
	}
	return 'L'
}

// regSize returns the size of a general register in bytes, or 0.
func regSize(r x86asm.Reg) int {
	switch {
	case r >= x86asm.AL && r <= x86asm.R15B:
		return 1
	case r >= x86asm.AX && r <= x86asm.R15W:
		return 2
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return 4
	case is64(r):
		return 8
	}
	return 0
}

// argSize returns the size of operand i in bytes, or 0 if it has none.
func argSize(x *x86asm.Inst, i int) int {
	switch a := x.Args[i].(type) {
	case x86asm.Reg:
		return regSize(a)
	case x86asm.Mem:
		return x.MemBytes
	}
	return 0
}

// opSize returns the size that an operation's name tells.
func opSize(x *x86asm.Inst) int {
	switch x.Op {
	case x86asm.PUSH, x86asm.POP:
		if x.DataSize == 16 {
			return 2
		}
		return 8
	case x86asm.CRC32, x86asm.OUT:
		return argSize(x, 1)
	case x86asm.NOP, x86asm.LEA, x86asm.IN:
		return x.DataSize / 8
	}
	for i := range 2 {
		if n := argSize(x, i); n != 0 {
			return n
		}
	}
	return x.DataSize / 8
}

// generalSize returns the size of the general register among the operands, or
// of the memory that stands for it.
func generalSize(x *x86asm.Inst) int {
	for _, a := range x.Args {
		if r, ok := a.(x86asm.Reg); ok && regSize(r) != 0 {
			return regSize(r)
		}
	}
	return x.MemBytes
}

// goMnemonic appends Go's name of x with its suffixes.
func (o *ops) goMnemonic(t *template, x *x86asm.Inst, s shape) {
	n := &o.goName[x.Op]
	if x.Op >= opOwn {
		t.str(ownName(x))
	} else {
		t.str(n.name)
	}
	switch n.suffix {
	case sizeSuffix:
		switch {
		case x.Op == x86asm.NOP && x.Args[0] == nil:
		case x.Op == x86asm.IMUL && x.Args[2] != nil:
			t.str("3")
			fallthrough
		default:
			t.b = append(t.b, sizeLetter(opSize(x)))
		}
	case wideSuffix:
		t.b = append(t.b, sizeLetter(generalSize(x)))
	case onlyQ:
		if generalSize(x) == 8 {
			t.b = append(t.b, 'Q')
		}
	case condSuffix:
		t.b = append(t.b, sizeLetter(argSize(x, 0)))
	case fromTo:
		t.b = append(t.b, sizeLetter(argSize(x, 1)), sizeLetter(argSize(x, 0)))
	}
	t.str(n.tail)
	if s.vex != 0 {
		o.goVector(t, x, s)
	}
}

// goVector appends the suffixes that Go's names of vector operations have.
func (o *ops) goVector(t *template, x *x86asm.Inst, s shape) {
	switch x.Op { // the size of the source, where nothing else tells it
	case x86asm.VCVTPD2DQ, x86asm.VCVTPD2PS, x86asm.VCVTTPD2DQ, x86asm.VCVTPD2UDQ, x86asm.VCVTTPD2UDQ,
		x86asm.VCVTQQ2PS, x86asm.VCVTUQQ2PS, x86asm.VFPCLASSPD, x86asm.VFPCLASSPS:
		class := x.Op == x86asm.VFPCLASSPD || x.Op == x86asm.VFPCLASSPS
		switch s.vecLen {
		case 0:
			t.str("X")
		case 1:
			t.str("Y")
		case 2:
			if class {
				t.str("Z")
			}
		}
	}
	if x.Broadcast {
		t.str(".BCST")
	}
	if x.SAE {
		// x86asm tells nobody but its own formatter which operations round.
		if text := x86asm.GoSyntax(*x, 0, nil); strings.Contains(text, "_SAE") {
			t.str([]string{".RN_SAE", ".RD_SAE", ".RU_SAE", ".RZ_SAE"}[x.Rounding&3])
		} else {
			t.str(".SAE")
		}
	}
	if x.Zeroing {
		t.str(".Z")
	}
}

// goArg appends an operand.
func (t *template) goArg(x *x86asm.Inst, a x86asm.Arg) {
	switch a := a.(type) {
	case x86asm.Reg:
		t.goReg(a)
	case x86asm.Imm:
		t.b = append(t.b, '$')
		t.hex(int64(a))
	case x86asm.Rel:
		t.hole(holeTarget)
	case x86asm.Mem:
		t.goMem(x, a)
	}
}

func (t *template) goMem(x *x86asm.Inst, a x86asm.Mem) {
	if a.Base == x86asm.RIP || a.Base == x86asm.EIP {
		t.hole(holeData)
		return
	}
	seg := a.Segment == x86asm.FS || a.Segment == x86asm.GS
	if seg && a.Base != 0 {
		t.goReg(a.Segment)
		t.b = append(t.b, ':')
	}
	if a.Disp == 0 {
		t.b = append(t.b, '0')
	} else {
		t.hex(a.Disp)
	}
	if seg && a.Base == 0 {
		t.b = append(t.b, '(')
		t.goReg(a.Segment)
		t.b = append(t.b, ')')
	}
	if a.Base != 0 {
		t.b = append(t.b, '(')
		t.goReg(a.Base)
		t.b = append(t.b, ')')
	}
	if a.Index != 0 && a.Scale != 0 {
		t.b = append(t.b, '(')
		t.goReg(a.Index)
		t.b = append(t.b, '*', '0'+a.Scale, ')')
	}
}

// goReg appends the name of a register: general registers go by one name in all
// sizes, but for the low and high bytes of the first four.
func (t *template) goReg(r x86asm.Reg) {
	n := regAMD64(r)
	switch {
	case r >= x86asm.AL && r <= x86asm.BL:
		t.b = append(t.b, "ACDB"[r-x86asm.AL], 'L')
	case r >= x86asm.AH && r <= x86asm.BH:
		t.b = append(t.b, "ACDB"[r-x86asm.AH], 'H')
	case n < 16:
		t.str(amd64Names[n])
	case r >= x86asm.X0 && r <= x86asm.X31:
		t.num('X', int(r-x86asm.X0))
	case r >= x86asm.Y0 && r <= x86asm.Y31:
		t.num('Y', int(r-x86asm.Y0))
	case r >= x86asm.Z0 && r <= x86asm.Z31:
		t.num('Z', int(r-x86asm.Z0))
	default:
		t.str(r.String())
	}
}
