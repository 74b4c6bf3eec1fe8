package postmortem

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"moho/arch"
	"moho/core"
	"moho/decode"
	"moho/gostate"
	"moho/gotab"
	"moho/objfile"
)

// SchemaDisasm is the schema of a [Disasm].
const SchemaDisasm = "moho/disasm/v1"

const (
	// maxCode bounds the code of one function that is decoded.
	maxCode = 4 << 20

	// outside is how many bytes are decoded where no table says where a function ends.
	outside = 256
)

// A Disasm is code of the process around a PC, as moho/disasm/v1.
type Disasm struct {
	Schema    string       `json:"schema"`
	Func      string       `json:"func"` // "" where no Go function is
	Entry     string       `json:"entry"`
	Size      uint64       `json:"size"`
	PC        string       `json:"pc,omitempty"`
	Goroutine *uint64      `json:"goroutine,omitempty"`
	Frame     *int         `json:"frame,omitempty"`
	Insts     []DisasmInst `json:"insts"`
	Before    int          `json:"before"` // instructions of the function left out
	After     int          `json:"after"`
}

// A DisasmInst is one instruction. SP is how many bytes the stack pointer is
// below its value at the function's entry, null where that is not known.
// Current marks the one that PC is in, or, for a return address, the call.
// Inside says how far into it PC is, of a PC that no instruction begins at.
// File is what the executable has in its place, where memory differs.
type DisasmInst struct {
	Address string `json:"address"`
	Off     uint64 `json:"off"`
	Len     int    `json:"len"`
	Bytes   string `json:"bytes"`
	SP      *int32 `json:"sp"`
	Line    int    `json:"line"`
	Source  string `json:"file"`
	Text    string `json:"text"`
	Note    string `json:"note,omitempty"`
	Current bool   `json:"current,omitempty"`
	Inside  int    `json:"inside,omitempty"`
	File    string `json:"inFile,omitempty"`
}

// FaultAt returns the address that the instruction of frame i of g faulted on,
// as the runtime noted it when it made a panic of the signal.
func (c *Case) FaultAt(g *gostate.Goroutine, i int) (core.Addr, bool) {
	l := c.World.Offsets()
	pc, err1 := c.Process.Word(g.Addr + core.Addr(l.GSigPC))
	at, err2 := c.Process.Word(g.Addr + core.Addr(l.GSigCode1))
	f := &g.Frames[i]
	return core.Addr(at), err1 == nil && err2 == nil && f.Fault && core.Addr(pc) == f.PC
}

// CodeAt says which code is to be read, and how much of it.
type CodeAt struct {
	PC     core.Addr // 0: the whole function that begins at Entry
	Entry  core.Addr // used where PC is 0
	Return bool      // PC is a return address: the call before it is meant
	Around int       // instructions before and after; 0: the whole function
	Syntax decode.Syntax
	Regs   func(r int) (uint64, bool) // before the instruction at PC, by decode's number, or nil
	Fault  *core.Addr                 // that the instruction at PC faulted on, or nil
}

// Disassemble reads code of the process: what is in memory, or, where the core
// has left it out, in the executable.
func (c *Case) Disassemble(at CodeAt) (Disasm, error) {
	a := c.Process.Arch()
	if a == arch.WASM {
		return c.disassembleWASM(at)
	}
	dec, err := decode.New(a)
	if err != nil {
		return Disasm{}, err
	}
	r := codeReader{c: c, at: at, dec: dec}
	look := at.PC
	switch {
	case at.PC == 0:
		look = at.Entry
	case at.Return:
		look--
	}
	r.target = look
	f, pc, ok := c.World.FuncAt(look)
	if !ok {
		return r.foreign(look)
	}
	size, err := f.Size()
	if err != nil || size == 0 || uint64(pc-f.Entry()) >= size {
		size = uint64(f.Next() - f.Entry()) // in its padding, or without a table
	}
	if size > maxCode {
		return Disasm{}, fmt.Errorf("%s has %d bytes of code, more than %d", f.Name(), size, maxCode)
	}
	r.fn, r.entry = &f, core.Addr(uint64(f.Entry())+c.World.Bias())
	d, err := r.read(int(size))
	d.Func = gotab.PrintName(f.Name())
	return d, err
}

// codeReader reads the code of one function.
type codeReader struct {
	c      *Case
	at     CodeAt
	dec    *decode.Decoder
	fn     *gotab.Func // nil outside of Go
	entry  core.Addr
	target core.Addr // the byte that decides which instruction is meant
}

// foreign reads code that no table describes, from the address itself on.
func (r codeReader) foreign(a core.Addr) (Disasm, error) {
	r.entry = a
	n := outside
	for ; n > 0; n /= 2 {
		if _, err := r.c.Process.Slice(a, n); err == nil {
			break
		}
	}
	if n == 0 {
		_, err := r.c.Process.Slice(a, 1)
		return Disasm{}, fmt.Errorf("no code at %#x: %w", uint64(a), err)
	}
	return r.read(n)
}

func (r codeReader) read(size int) (Disasm, error) {
	code, err := r.c.Process.Slice(r.entry, size)
	if err != nil {
		if missing, ok := errors.AsType[*core.MemoryError](err); !ok || missing.Addr <= r.entry {
			return Disasm{}, fmt.Errorf("code at %#x: %w", uint64(r.entry), err)
		} else if code, err = r.c.Process.Slice(r.entry, int(missing.Addr-r.entry)); err != nil {
			return Disasm{}, err
		}
	}
	d := Disasm{Schema: SchemaDisasm, Entry: hexAddr(r.entry), Size: uint64(size), Insts: []DisasmInst{}}
	if r.at.PC != 0 {
		d.PC = hexAddr(r.at.PC)
	}
	found := -1
	var walk gotab.Walk
	if r.fn != nil {
		walk = r.fn.Walk()
	}
	var in decode.Inst
	for off := 0; off < len(code); {
		pc := r.entry + core.Addr(off)
		err := r.dec.Decode(code[off:], uint64(pc), &in)
		if in.Len == 0 {
			break
		}
		x := DisasmInst{Address: hexAddr(pc), Off: uint64(off), Len: in.Len, Bytes: fmt.Sprintf("%x", code[off:off+in.Len])}
		if r.at.PC != 0 && pc <= r.target && r.target < pc+core.Addr(in.Len) {
			x.Current, found = true, len(d.Insts)
			if !r.at.Return {
				x.Inside = int(r.at.PC - pc)
			}
		}
		r.describe(&x, &in, err, &walk)
		d.Insts = append(d.Insts, x)
		off += in.Len
		if k := r.at.Around; k > 0 && (found < 0 && len(d.Insts) > k && r.at.PC != 0) {
			d.Insts = d.Insts[1:]
			d.Before++
		}
	}
	if k := r.at.Around; k > 0 && found >= 0 && len(d.Insts) > found+k+1 {
		d.After = len(d.Insts) - (found + k + 1)
		d.Insts = d.Insts[:found+k+1]
	}
	return d, nil
}

// describe fills in the text, the position and the notes.
func (r codeReader) describe(x *DisasmInst, in *decode.Inst, err error, walk *gotab.Walk) {
	if r.fn != nil {
		p := walk.At(uint32(x.Off))
		if p.HasSP && r.fn.Flags()&gotab.SPWrite == 0 {
			sp := p.SP
			x.SP = &sp
		}
		x.Line, x.Source = int(p.Line), r.c.World.Table().File(p.File)
	}
	if err != nil {
		x.Text = "(" + err.Error() + ")"
	} else {
		x.Text = string(r.dec.AppendText(nil, in, r.at.Syntax, r.c.appendSymbol))
	}
	x.File = r.inFile(in)
	switch {
	case err != nil:
	case x.Current && r.at.Fault != nil:
		x.Note = "it faulted on " + r.leadsTo(uint64(*r.at.Fault))
	case x.Current && !r.at.Return && r.at.Regs != nil:
		x.Note = r.operand(in)
	case in.HasMem && in.Mem.PCRel && in.Mem.Size == 0: // an address that is taken
		if _, _, named := r.c.Where().Symbol(core.Addr(in.Mem.Disp)); !named {
			x.Note = r.c.Where().Short(core.Addr(in.Mem.Disp))
		}
	}
}

// inFile returns what the executable has where memory has in, "" if the same.
func (r codeReader) inFile(in *decode.Inst) string {
	exe := r.c.World.Exe()
	if exe == nil {
		return ""
	}
	link := objfile.Addr(in.PC - r.c.World.Bias())
	n := in.Len
	theirs, err := exe.Slice(link, n)
	mine, err2 := r.c.Process.Slice(core.Addr(in.PC), n)
	if err != nil || err2 != nil || bytes.Equal(mine, theirs) {
		return ""
	}
	const longest = 15
	if more, err := exe.Slice(link, longest); err == nil {
		theirs = more
	}
	dec, err := decode.New(r.c.Process.Arch())
	if err != nil {
		return ""
	}
	var other decode.Inst
	if err := dec.Decode(theirs, in.PC, &other); err != nil {
		return fmt.Sprintf("%x", theirs[:n])
	}
	return string(dec.AppendText(nil, &other, r.at.Syntax, r.c.appendSymbol))
}

// operand says where the instruction's memory operand is, by the registers, and
// what is there.
func (r codeReader) operand(in *decode.Inst) string {
	if !in.HasMem || r.at.Regs == nil || in.Mem.TLS {
		return ""
	}
	m := in.Mem
	addr := uint64(m.Disp)
	if !m.PCRel {
		for _, x := range [...]struct {
			reg   decode.Reg
			scale uint64
		}{{m.Base, 1}, {m.Index, uint64(m.Scale)}} {
			if x.reg == decode.NoReg {
				continue
			}
			v, ok := r.at.Regs(int(x.reg))
			if !ok {
				return ""
			}
			addr += v * x.scale
		}
	}
	return "operand at " + r.leadsTo(addr)
}

// leadsTo says what is at an address that code uses.
func (r codeReader) leadsTo(addr uint64) string {
	is := r.c.Where().Short(core.Addr(addr))
	if is == "" {
		is = "no memory of the process"
		if addr < 4096 {
			is = "nil, or a field of nil"
		}
	}
	return fmt.Sprintf("%#x: %s", addr, is)
}

// appendSymbol names an address of the process for the decoder.
func (c *Case) appendSymbol(dst []byte, addr uint64) []byte {
	if f, pc, ok := c.World.FuncAt(core.Addr(addr)); ok {
		dst = f.AppendName(dst)
		if pc > f.Entry() {
			dst = fmt.Appendf(dst, "+%#x", uint64(pc-f.Entry()))
		}
		return dst
	}
	if name, off, ok := c.Where().Symbol(core.Addr(addr)); ok {
		dst = append(dst, name...)
		if off > 0 {
			dst = fmt.Appendf(dst, "+%#x", off)
		}
	}
	return dst
}

// FuncsNamed returns where the functions with a name begin: as the linker has
// it, or as tracebacks print it.
func (c *Case) FuncsNamed(name string) []core.Addr {
	var out []core.Addr
	t := c.World.Table()
	for i := range t.NumFunc() {
		f, err := t.Func(i)
		if err != nil {
			continue
		}
		n := f.Name()
		if n == name || strings.Contains(name, "[...]") && gotab.PrintName(n) == name {
			out = append(out, core.Addr(uint64(f.Entry())+c.World.Bias()))
		}
	}
	return out
}

// RegsAt returns the registers of frame i of g, by decode's numbers.
func (c *Case) RegsAt(g *gostate.Goroutine, i int) func(r int) (uint64, bool) {
	regs := c.World.Registers(g, i)
	a := c.Process.Arch()
	return func(r int) (uint64, bool) {
		x, ok := regs.Lookup(registerName(a, r))
		return x.Value, ok && x.From != gostate.Unavailable
	}
}

// registerName returns what package arch calls decode's register r, or "".
func registerName(a *arch.Arch, r int) string {
	names := [...]string{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"}
	switch {
	case a == arch.AMD64 && r < len(names):
		return names[r]
	case a == arch.AMD64 && r < 16:
		return fmt.Sprintf("r%d", r)
	case a == arch.ARM64 && r < 31:
		return fmt.Sprintf("x%d", r)
	case a == arch.ARM64 && r == int(decode.RSP):
		return "sp"
	}
	return ""
}
