package listing

import (
	"fmt"
	"strings"

	"moho/asm"
	"moho/asm/frame"
	"moho/decode"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/cli"
	"moho/objfile"
)

// A Func is one function with what is known of each of its instructions.
type Func struct {
	asm.Function
	Frame frame.Frame
	Rows  []gotab.Row // of pcsp
	Insts []Inst
	Gaps  []evidence.Gap

	Signature Signature
}

// A Signature says in which registers, or where in memory, arguments and
// results are. "" is not known.
type Signature struct {
	Args, Results string
}

// An Inst is one instruction. SP is its offset below the entry SP, meaningless
// without HasSP. Func is the function whose source it is, which is another than
// the Func's own where a call was inlined; Depth counts such calls around it.
type Inst struct {
	PC       uint64
	Off      int // from the entry
	Len      int
	SP       int32
	HasSP    bool
	Class    frame.Class
	Mark     string // instead of Class: on wasm the number of the resume block that begins
	Flow     decode.Flow
	Known    bool   // it is an instruction
	Callee   string // of a call: the name, or "by register"; "" if it is none
	Target   uint64
	File     string
	Line     int
	Func     string
	Depth    int
	Text     string
	Notes    []string // what could be said besides
	callSite int      // index in Frame.Calls, -1
	key      string   // Text without addresses, which differ from program to program
	bare     string   // key without the names of data, which a stripped program lacks
}

// A Reader makes Funcs of one program. It must not be used concurrently.
type Reader struct {
	p       *asm.Program
	syntax  decode.Syntax
	dec     *decode.Decoder
	names   *asm.Names
	layouts *frame.Layouts
	inline  []gotab.InlineFrame
	sigs    *Signatures

	inner string // function of the resume block, wasm
	depth int
}

// NewReader returns a Reader of p that writes instructions in a syntax. With
// names it takes names and types from DWARF, which costs a pass over all of it;
// without, or where there is none, slots and signatures have none. The error is
// of an architecture that decode does not read.
func NewReader(p *asm.Program, syntax decode.Syntax, names bool) (*Reader, error) {
	var dec *decode.Decoder
	var err error
	if p.Arch().BytePC {
		if dec, err = decode.New(p.Arch()); err != nil {
			return nil, err
		}
	}
	layouts, err := frame.New(p, frame.Options{NoDWARF: !names})
	if err != nil {
		return nil, err
	}
	r := &Reader{p: p, syntax: syntax, dec: dec, names: p.Names(), layouts: layouts}
	if names {
		if r.sigs, err = NewSignatures(p); err != nil {
			r.sigs = nil // stripped: what is not known is left out
		}
	}
	return r, nil
}

// Func reads fn. The error wraps objfile.ErrFormat where its tables can't be
// read, objfile.ErrUnmapped where its code is not there. A frame that can't be
// told is a gap.
func (r *Reader) Func(fn gotab.Func) (*Func, error) {
	f := &Func{}
	if err := r.p.Describe(&f.Function, fn); err != nil {
		return nil, err
	}
	code, err := r.p.Body(fn)
	if err != nil {
		return nil, err
	}
	if f.Rows, err = fn.SPRows(); err != nil {
		return nil, err
	}
	if f.Frame, err = r.layouts.Of(fn); err != nil {
		f.Gaps = append(f.Gaps, evidence.Gap{What: "frame of " + f.Name, Why: err.Error()})
	}
	f.Gaps = append(f.Gaps, f.Frame.Gaps...)
	if r.dec == nil {
		r.wasmInsts(f, fn, code)
		return f, nil
	}
	f.Signature = r.sigs.Of(fn.Entry(), f.ABI.Value)
	r.names.Within(fn)
	r.learn(fn, code)
	r.insts(f, fn, code)
	return f, nil
}

// pointee says what lies at an address that no symbol names: a type, or the
// value of a function.
func (r *Reader) pointee(addr uint64) string {
	mod, ok := r.p.Table.Module()
	if !ok || len(r.names.Append(nil, addr)) > 0 {
		return ""
	}
	if a := objfile.Addr(addr); a > mod.Types && a < mod.ETypes {
		if t, err := r.p.Table.TypeAt(a); err == nil && t.Name != "" {
			const longest = 60 // columns: some struct types fill a page
			return "type " + cli.Clipped(escape(t.Name), longest, cli.Clip)
		}
	}
	w, err := r.p.File.Word(objfile.Addr(addr))
	if err != nil {
		return ""
	}
	if fn, ok := r.p.Table.FuncAt(gotab.PC(w)); ok && uint64(fn.Entry()) == w {
		return "func " + callee(fn.Name())
	}
	return ""
}

// learn looks up at once what the instructions of fn refer to.
func (r *Reader) learn(fn gotab.Func, code []byte) {
	var in decode.Inst
	var consts asm.Tracker
	var addrs []uint64
	for off := 0; off < len(code); off += max(in.Len, 1) {
		if r.dec.Decode(code[off:], uint64(fn.Entry())+uint64(off), &in) != nil {
			continue
		}
		if a, ok := addressOf(&in); ok {
			addrs = append(addrs, a)
		}
		if a, ok := consts.Step(&in); ok {
			addrs = append(addrs, a)
		}
		if in.Flow == decode.Call {
			addrs = append(addrs, in.Target)
		}
	}
	r.names.Learn(addrs)
}

func (r *Reader) insts(f *Func, fn gotab.Func, code []byte) {
	w := fn.Walk()
	classes, calls := f.Frame.Ranges, 0
	consts := asm.Tracker{}
	lost := false
	var in decode.Inst
	var buf []byte
	for off := 0; off < len(code); {
		err := r.dec.Decode(code[off:], uint64(fn.Entry())+uint64(off), &in)
		at := w.At(uint32(off))
		x := Inst{
			PC: in.PC, Off: off, Len: max(in.Len, 1), SP: at.SP, HasSP: at.HasSP && !lost, Flow: in.Flow,
			Known: err == nil, Target: in.Target, Line: int(at.Line), File: r.p.FileName(at.File), callSite: -1,
		}
		for len(classes) > 0 && classes[0].End <= uint64(off) {
			classes = classes[1:]
		}
		if len(classes) > 0 && classes[0].Start <= uint64(off) {
			x.Class = classes[0].Class
		}
		for calls < len(f.Frame.Calls) && f.Frame.Calls[calls].Off < uint64(off) {
			calls++
		}
		if calls < len(f.Frame.Calls) && f.Frame.Calls[calls].Off == uint64(off) {
			x.callSite = calls
			if x.Callee = f.Frame.Calls[calls].Callee; x.Callee == "" {
				x.Callee = "by register"
			}
		}
		r.inline = r.p.Table.Frames(r.inline[:0], fn, gotab.PC(in.PC))
		x.Func, x.Depth = r.inline[0].Func, len(r.inline)-1
		if err != nil {
			x.Text = "? " + fmt.Sprintf("%x", code[off:off+min(x.Len, len(code)-off)])
			x.key, x.bare = x.Text, x.Text
		} else {
			buf = r.dec.AppendText(buf[:0], &in, r.syntax, r.names.Append)
			x.Text = string(buf)
			x.key, x.bare = r.keysOf(f, &x, &in)
			x.Notes = r.notes(f, &x, &in, &consts)
			lost = lost || f.Flags&asm.SPWrite != 0 && WritesSP(r.p.Arch(), &in)
		}
		f.Insts = append(f.Insts, x)
		off += x.Len
	}
}

// notes says what the text of an instruction does not: the slot that an offset
// from SP means, the symbol at a computed address, what is live during a call.
func (r *Reader) notes(f *Func, x *Inst, in *decode.Inst, consts *asm.Tracker) []string {
	var out []string
	if in.HasMem && in.Mem.Base == r.sp() && in.Mem.Index == decode.NoReg && x.HasSP {
		if n := slotName(&f.Frame, in.Mem.Disp-int64(x.SP)); n != "" {
			out = append(out, n)
		}
	}
	for _, e := range in.Effects[:in.NEffect] { // the address of a slot
		if e.Op == decode.Copy && e.Src == r.sp() && e.Dst != r.sp() && x.HasSP && x.Class&(frame.Prologue|frame.Epilogue) == 0 {
			if n := slotName(&f.Frame, e.N-int64(x.SP)); n != "" && len(out) == 0 {
				out = append(out, n)
			}
		}
	}
	own, isOwn := addressOf(in)
	if addr, ok := consts.Step(in); ok {
		own, isOwn = addr, true
		n := string(r.names.Append(nil, addr))
		x.bare = mnemonic(x.Text) + " an address"
		if _, ok := r.p.Table.FuncAt(gotab.PC(addr)); ok {
			x.bare = mnemonic(x.Text) + " " + n
		}
		x.key = mnemonic(x.Text) + " " + n
		if n != "" && !strings.Contains(x.Text, n) {
			out = append(out, n)
		}
	}
	if isOwn && in.Flow == decode.Next && !isPage(x.Text) {
		if n := r.pointee(own); n != "" {
			out = append(out, n)
		}
	}
	if x.callSite >= 0 {
		c := f.Frame.Calls[x.callSite]
		if n := callee(c.Callee); n != "" && in.Flow == decode.Call && !strings.Contains(x.Text, c.Callee) {
			out = append(out, n)
		}
		if c.Live != nil {
			out = append(out, liveSet(c.Live))
		}
		if sig := r.calleeSignature(in); sig != "" {
			out = append(out, sig)
		}
	}
	return out
}

// isPage reports whether an instruction makes but the page of an address.
func isPage(text string) bool {
	return strings.HasPrefix(text, "ADRP") || strings.HasPrefix(text, "adrp")
}

func mnemonic(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

// keysOf returns the text of an instruction without what differs when the same
// code lies elsewhere: where branches within the function lead, addresses
// without a name, and on arm64 the page of one; and the same without the names
// of data.
func (r *Reader) keysOf(f *Func, x *Inst, in *decode.Inst) (key, bare string) {
	switch {
	case (in.Flow == decode.Jump || in.Flow == decode.Branch) && in.Target-uint64(f.Entry) < f.Size:
		key = x.Text[:max(strings.LastIndexByte(x.Text, ' '), 0)] + " →"
		return key, key
	case isPage(x.Text):
		return "ADRP", "ADRP"
	}
	addr, ok := addressOf(in)
	if !ok || !strings.Contains(x.Text, "(SB)") {
		return x.Text, x.Text
	}
	name := string(r.names.Append(nil, addr))
	if name == "" {
		key = strings.Replace(x.Text, string(asm.AppendHex(nil, addr)), "", 1)
		return key, key
	}
	if _, code := r.p.Table.FuncAt(gotab.PC(addr)); code {
		return x.Text, x.Text
	}
	return x.Text, strings.Replace(x.Text, name, "", 1)
}

// addressOf returns the address that in uses or makes, out of its own bytes.
func addressOf(in *decode.Inst) (uint64, bool) {
	if in.HasMem && in.Mem.PCRel {
		return uint64(in.Mem.Disp), true
	}
	for _, e := range in.Effects[:in.NEffect] {
		if e.Op == decode.Set {
			return uint64(e.N), true
		}
	}
	return 0, false
}

// calleeSignature says what registers a call takes and leaves.
func (r *Reader) calleeSignature(in *decode.Inst) string {
	if r.sigs == nil || in.Flow != decode.Call {
		return ""
	}
	fn, ok := r.p.Table.FuncAt(gotab.PC(in.Target))
	if !ok || uint64(fn.Entry()) != in.Target {
		return ""
	}
	sig := r.sigs.Of(fn.Entry(), r.p.ABI(fn).Value)
	if sig.Args == "" || sig.Args == "none" && sig.Results == "none" {
		return ""
	}
	s := "(" + strings.TrimPrefix(sig.Args, "none") + ")"
	if sig.Results != "none" {
		s += " → " + sig.Results
	}
	return s
}

func callee(name string) string { return escape(gotab.PrintName(name)) }

// sp returns the stack pointer's number.
func (r *Reader) sp() decode.Reg {
	if r.p.Arch().HasLR {
		return 31
	}
	return 4
}

// slotName returns how to call the byte at off from the entry SP.
func slotName(f *frame.Frame, off int64) string {
	if n := f.NameAt(off); n != "" {
		return escape(n)
	}
	s, ok := f.SlotAt(off)
	switch {
	case !ok || s.Kind == frame.Local || s.Kind == frame.Unused || s.Kind == frame.Outgoing || s.Kind == frame.ArgArea:
		return ""
	case s.Off != off:
		return fmt.Sprintf("%s+%d", s.Kind, off-s.Off)
	}
	return string(s.Kind)
}

// liveSet writes the words of a frame that hold live pointers: their names, or
// their offsets from the entry SP.
func liveSet(live []frame.Live) string {
	var words []string
	for _, l := range live {
		if l.Name != "" {
			words = append(words, escape(l.Name))
		} else {
			words = append(words, fmt.Sprintf("%+d", l.Off))
		}
	}
	return "{" + strings.Join(words, " ") + "}"
}
