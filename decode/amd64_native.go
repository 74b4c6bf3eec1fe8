package decode

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// An x86Writer writes one instruction the way GNU objdump does, in AT&T's or
// Intel's syntax. What x86asm has for that gets VEX prefixes, SIB bytes without
// an index and negative constants wrong; it is asked for x87 only, and for string
// operations in AT&T's.
type x86Writer struct {
	b       []byte
	x       *x86asm.Inst
	s       shape
	code    []byte
	in      *Inst
	intel   bool
	name    Symbolizer
	aliased bool // the last operand is a part of the name
	pcRel   bool // an operand's address is to be told at the end
}

// attNames are the names that AT&T has for operations, where they are not
// Intel's.
var attNames = map[string]string{
	"CBW": "cbtw", "CWDE": "cwtl", "CDQE": "cltq", "CWD": "cwtd", "CDQ": "cltd", "CQO": "cqto",
	"MOVSXD": "movslq", "PUSHFQ": "pushf", "POPFQ": "popf", "LRET": "lret",
}

// bothNames are names that differ from x86asm's in both syntaxes.
var bothNames = map[string]string{
	"MOVSD_XMM": "movsd", "CMPSD_XMM": "cmpsd", "VPEXTRW_C5": "vpextrw", "PUSHFQ": "pushf", "POPFQ": "popf",
	"ICEBP": "int1", "XLATB": "xlat", "FWAIT": "fwait",
}

func (w *x86Writer) str(s string) { w.b = append(w.b, s...) }

// write appends the instruction.
func (w *x86Writer) write(o *ops) {
	x := w.x
	w.prefixes()
	w.mnemonic(o)
	n := 0
	for n < len(x.Args) && x.Args[n] != nil {
		n++
	}
	if n == 0 {
		return
	}
	w.b = append(w.b, ' ')
	first := true
	for i := range n {
		j := n - 1 - i
		if w.intel {
			j = i
		}
		a := x.Args[j]
		if r, ok := a.(x86asm.Reg); ok && j > 0 && r >= x86asm.K0 && r <= x86asm.K7 && w.masks(j) {
			continue // written with the destination
		}
		if w.aliased && j == n-1 {
			continue
		}
		if a == x86asm.Imm(1) && w.s.opMap == 0 && w.s.vex == 0 && w.code[w.s.op]&0xfc == 0xd0 && !w.intel {
			continue // a shift by one
		}
		if !first {
			w.b = append(w.b, ',')
		}
		first = false
		w.arg(a, j)
		if j == 0 {
			w.mask(n)
		}
	}
	if w.pcRel {
		w.str("        # ")
		w.b = appendPlace(w.b, uint64(w.in.Mem.Disp), w.name)
	}
}

// masks reports whether operand j is the write mask of an EVEX instruction.
func (w *x86Writer) masks(j int) bool {
	return w.s.vex == 0x62 && j == 1 && w.code[w.s.op-1]&7 != 0
}

// mask appends the write mask to the destination.
func (w *x86Writer) mask(n int) {
	if n > 1 && w.masks(1) {
		if r, ok := w.x.Args[1].(x86asm.Reg); ok && r >= x86asm.K0 && r <= x86asm.K7 {
			w.b = append(w.b, '{')
			w.reg(r)
			w.b = append(w.b, '}')
		}
	}
	if w.x.Zeroing {
		w.str("{z}")
	}
}

func (w *x86Writer) prefixes() {
	x, op := w.x, w.x.Op
	if w.s.vex != 0 {
		return
	}
	data16, branch := 0, w.in.Flow != Next
	for _, c := range w.code[:w.s.op] {
		if c == 0x66 {
			data16++
		}
	}
	for ; op == x86asm.NOP && data16 > 1; data16-- {
		w.str("data16 ")
	}
	for _, c := range w.code[:w.s.op] {
		switch {
		case c == 0x2e && op == x86asm.NOP:
			w.str("cs ")
		case c == 0x3e && (w.in.Flow == JumpIndirect || w.in.Flow == CallIndirect):
			w.str("notrack ")
		case c == 0xf2 && branch && w.s.opMap == 0:
			w.str("bnd ")
		case c == 0xf3 && x.Op == x86asm.RET:
			w.str("repz ")
		case c == 0xf0:
			w.str("lock ")
		}
	}
}

// mnemonic appends the name of the operation, with the size where AT&T has it.
func (w *x86Writer) mnemonic(o *ops) {
	x := w.x
	name := o.name[x.Op]
	if x.Op >= opOwn {
		name = ownName(x)
	}
	n := strings.ToLower(name)
	if stringSize(x) != 0 {
		n = w.repeat() + n[:len(n)-1]
	}
	if s := bothNames[name]; s != "" {
		n = s
	}
	if s := attNames[name]; s != "" && !w.intel {
		n = s
	}
	switch x.Op {
	case x86asm.MOV:
		if w.s.opMap == 0 && w.s.rex&8 != 0 && w.code[w.s.op]&0xf8 == 0xb8 || w.s.opMap == 0 && w.code[w.s.op]&0xfc == 0xa0 {
			n = "movabs"
		}
	case x86asm.MOVZX, x86asm.MOVSX:
		if !w.intel {
			n = n[:4] + string(sizeLetter(argSize(x, 1))|0x20) + string(sizeLetter(argSize(x, 0))|0x20)
		}
	case x86asm.MOVSXD:
		if w.intel {
			n = "movsxd"
		}
	case x86asm.NOP:
		if x.Args[0] == nil && w.s.data16 {
			n = "xchg"
			if w.intel {
				n = "xchg ax,ax"
			} else {
				n = "xchg %ax,%ax"
			}
		}
	case x86asm.INT:
		if w.code[w.s.op] == 0xcc {
			n, x.Args[0] = "int3", nil
		}
	}
	for i, a := range x.Args {
		if imm, ok := a.(x86asm.Imm); ok && (i == len(x.Args)-1 || x.Args[i+1] == nil) {
			n, w.aliased = w.alias(n, imm)
		}
	}
	w.str(n)
	if !w.intel && w.sized(o) {
		w.b = append(w.b, sizeLetter(x.MemBytes)|0x20)
	}
}

// repeat returns the prefix that repeats a string operation, or nothing.
func (w *x86Writer) repeat() string {
	until := false
	switch w.x.Op {
	case x86asm.CMPSB, x86asm.CMPSW, x86asm.CMPSD, x86asm.CMPSQ, x86asm.SCASB, x86asm.SCASW, x86asm.SCASD, x86asm.SCASQ:
		until = true
	}
	switch {
	case w.s.rep == 0xf2:
		return "repnz "
	case w.s.rep == 0xf3 && until:
		return "repz "
	case w.s.rep == 0xf3:
		return "rep "
	}
	return ""
}

// sized reports whether AT&T's name tells the size: nothing else does.
func (w *x86Writer) sized(o *ops) bool {
	x := w.x
	suffix := o.goName[x.Op].suffix
	if suffix != sizeSuffix && suffix != wideSuffix || x.MemBytes == 0 {
		return false
	}
	switch x.Op {
	case x86asm.PUSH, x86asm.POP:
		return x.DataSize == 16
	case x86asm.NOP:
		return true
	case x86asm.CVTSI2SD, x86asm.CVTSI2SS, x86asm.CRC32, x86asm.VCVTSI2SD, x86asm.VCVTSI2SS, x86asm.VCVTUSI2SD, x86asm.VCVTUSI2SS:
		return true
	}
	for i, a := range x.Args {
		if r, ok := a.(x86asm.Reg); ok && regSize(r) != 0 {
			if r == x86asm.CL && i == 1 && shifts(x.Op) {
				continue // the count
			}
			return false
		} else if ok && r >= x86asm.ES && r <= x86asm.GS {
			return false
		}
	}
	return true
}

// shifts reports whether op shifts its first operand by its second.
func shifts(op x86asm.Op) bool {
	switch op {
	case x86asm.SHL, x86asm.SHR, x86asm.SAR, x86asm.ROL, x86asm.ROR, x86asm.RCL, x86asm.RCR:
		return true
	}
	return false
}

// comparisons are the names of the predicates of CMPPS and its kin.
var comparisons = [...]string{"eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"}

// alias returns the name that n has together with its last operand, a constant.
func (w *x86Writer) alias(n string, imm x86asm.Imm) (string, bool) {
	switch w.x.Op {
	case x86asm.PCLMULQDQ, x86asm.VPCLMULQDQ:
		if imm&^0x11 == 0 {
			return strings.TrimSuffix(n, "qdq") + "lh"[imm&1:][:1] + "q" + "lh"[imm>>4:][:1] + "qdq", true
		}
	case x86asm.CMPPS, x86asm.CMPPD, x86asm.CMPSS, x86asm.CMPSD_XMM:
		if imm >= 0 && imm < 8 {
			return "cmp" + comparisons[imm] + n[3:], true
		}
	case x86asm.VPCMPB, x86asm.VPCMPW, x86asm.VPCMPD, x86asm.VPCMPQ, x86asm.VPCMPUB, x86asm.VPCMPUW, x86asm.VPCMPUD, x86asm.VPCMPUQ:
		if imm >= 0 && imm < 7 && imm != 3 {
			return "vpcmp" + comparisons[imm] + n[5:], true
		}
	}
	return n, false
}

// arg appends operand j.
func (w *x86Writer) arg(a x86asm.Arg, j int) {
	x := w.x
	indirect := w.in.Flow == CallIndirect || w.in.Flow == JumpIndirect
	if indirect && !w.intel {
		w.b = append(w.b, '*')
	}
	switch a := a.(type) {
	case x86asm.Reg:
		w.reg(a)
	case x86asm.Imm:
		if !w.intel {
			w.b = append(w.b, '$')
		}
		if w.intel && w.s.opMap == 0 && w.s.vex == 0 && w.code[w.s.op]&0xfc == 0xd0 {
			w.b = append(w.b, '1')
			return
		}
		w.b = appendHex(w.b, w.constant(int64(a)))
	case x86asm.Rel:
		w.place(w.in.Target)
	case x86asm.Mem:
		if w.intel {
			w.size()
		}
		w.mem(a)
		if x.Broadcast {
			w.broadcast()
		}
	}
}

// constant cuts an immediate to the size of what it is combined with.
func (w *x86Writer) constant(n int64) uint64 {
	x := w.x
	u := uint64(n)
	switch x.Op {
	case x86asm.ENTER, x86asm.RET, x86asm.LRET:
		return u & 0xffff
	case x86asm.PUSH:
		return u
	case x86asm.SHL, x86asm.SHR, x86asm.SAR, x86asm.ROL, x86asm.ROR, x86asm.RCL, x86asm.RCR, x86asm.SHLD, x86asm.SHRD,
		x86asm.BT, x86asm.BTC, x86asm.BTR, x86asm.BTS, x86asm.INT, x86asm.IN, x86asm.OUT:
		return u & 0xff
	}
	if w.s.vex != 0 {
		return u & 0xff
	}
	switch size := opSize(x); {
	case o8(x):
		return u & 0xff
	case size < 8:
		return u & (1<<(8*size) - 1)
	}
	return u
}

// o8 reports whether the last operand of x is a byte that selects something.
func o8(x *x86asm.Inst) bool {
	r, ok := x.Args[0].(x86asm.Reg)
	if ok && r >= x86asm.X0 && r <= x86asm.Z31 {
		return true
	}
	r, ok = x.Args[1].(x86asm.Reg)
	return ok && r >= x86asm.X0 && r <= x86asm.Z31
}

// reg appends the name of a register.
func (w *x86Writer) reg(r x86asm.Reg) {
	if !w.intel {
		w.b = append(w.b, '%')
	}
	n := regAMD64(r)
	switch size := regSize(r); {
	case size == 1 && n >= 4 && n < 8 && r >= x86asm.SPB:
		w.str(strings.ToLower(amd64Names[n]))
		w.b = append(w.b, 'l')
	case size == 4 && n >= 8:
		w.str(strings.ToLower(amd64Names[n]))
		w.b = append(w.b, 'd')
	case size == 2 && n >= 8:
		w.str(strings.ToLower(amd64Names[n]))
		w.b = append(w.b, 'w')
	case size == 1 && n >= 8 && n < 16:
		w.str(strings.ToLower(amd64Names[n]))
		w.b = append(w.b, 'b')
	case r >= x86asm.X0 && r <= x86asm.X31:
		w.num("xmm", int(r-x86asm.X0))
	case r >= x86asm.Y0 && r <= x86asm.Y31:
		w.num("ymm", int(r-x86asm.Y0))
	case r >= x86asm.Z0 && r <= x86asm.Z31:
		w.num("zmm", int(r-x86asm.Z0))
	case r >= x86asm.M0 && r <= x86asm.M7:
		w.num("mm", int(r-x86asm.M0))
	default:
		w.str(strings.ToLower(r.String()))
	}
}

// num appends a name and a number below 32.
func (w *x86Writer) num(s string, n int) {
	w.str(s)
	if n >= 10 {
		w.b = append(w.b, byte('0'+n/10))
	}
	w.b = append(w.b, byte('0'+n%10))
}

// place appends an address with its name.
func (w *x86Writer) place(addr uint64) {
	w.b = appendPlace(w.b, addr, w.name)
}
