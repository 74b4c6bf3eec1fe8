package asm

import (
	"context"
	"encoding/binary"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"moho/decode"
	"moho/gotab"
)

// RefKind is how a function is referred to.
type RefKind string

const (
	RefCall    RefKind = "call"    // called
	RefJump    RefKind = "jump"    // jumped to: a tail call, or the way back from morestack
	RefAddress RefKind = "address" // code computes its address, or that of a value that points to it
	RefData    RefKind = "data"    // a word of data is its address: a func value, a method table
	RefInline  RefKind = "inlined" // its body was compiled into the caller
)

// A Ref is one place that refers to a function. From is where, and In the
// function there; both are zero for data that no symbol names. Via is the name
// of the data in between, if the symbol table tells.
type Ref struct {
	Kind RefKind
	From uint64
	In   gotab.Func
	Via  string
}

// maxDataRefs is how many words of data that point to a function are looked at.
const maxDataRefs = 256

// Refs returns who refers to fn, in order of address, each kind after the other:
// calls and jumps from other functions, code that takes its address, words of
// data that hold it, and callers that it was inlined into. Calls through
// registers and interfaces are not among them: they show as data. The error is
// that of ctx, or of a file that cannot be searched.
func (p *Program) Refs(ctx context.Context, fn gotab.Func) ([]Ref, error) {
	targets := map[uint64]string{uint64(fn.Entry()): ""}
	var out []Ref
	words, err := p.File.FindWord(uint64(fn.Entry()), maxDataRefs)
	if err != nil {
		return nil, err
	}
	names := p.Names()
	for _, w := range words {
		via := string(names.Append(nil, uint64(w)))
		if targets[uint64(w)] == "" {
			targets[uint64(w)] = via
		}
		out = append(out, Ref{Kind: RefData, From: uint64(w), Via: via})
	}
	code, err := p.codeRefs(ctx, fn, targets)
	if err != nil {
		return nil, err
	}
	out = append(code, out...)
	slices.SortStableFunc(out, func(a, b Ref) int { return order(a.Kind) - order(b.Kind) })
	return out, nil
}

func order(k RefKind) int {
	return slices.Index([]RefKind{RefCall, RefJump, RefInline, RefAddress, RefData}, k)
}

// codeRefs looks through all code for what leads to one of the targets.
func (p *Program) codeRefs(ctx context.Context, fn gotab.Func, targets map[uint64]string) ([]Ref, error) {
	n := runtime.GOMAXPROCS(0)
	total := p.Table.NumFunc()
	parts := make([][]Ref, n)
	errs := make([]error, n)
	panics := make([]any, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			debug.SetPanicOnFault(true) // see cmd/moho: an input may shrink while it is read
			defer func() { panics[i] = recover() }()
			parts[i], errs[i] = p.refsIn(ctx, fn, targets, i*total/n, (i+1)*total/n)
		})
	}
	wg.Wait()
	for i := range n {
		switch {
		case panics[i] != nil:
			panic(panics[i])
		case errs[i] != nil:
			return nil, errs[i]
		}
	}
	return slices.Concat(parts...), nil
}

func (p *Program) refsIn(ctx context.Context, fn gotab.Func, targets map[uint64]string, lo, hi int) ([]Ref, error) {
	dec, err := decode.New(p.Arch())
	if err != nil {
		return nil, err
	}
	want := make([]uint64, 0, len(targets))
	for t := range targets {
		want = append(want, t)
	}
	quick := newScreen(want)
	name := fn.Name()
	var out []Ref
	for i := lo; i < hi; i++ {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		in, err := p.Table.Func(i)
		if err != nil {
			continue // Malformed counts them
		}
		code, err := p.Code(in)
		if err != nil {
			continue
		}
		out = inlinings(out, in, name)
		if in.Index() == fn.Index() || !quick.maybe(p.Arch().HasLR, code, uint64(in.Entry())) {
			continue
		}
		out = p.refsFrom(out, dec, in, code, targets)
	}
	return out, nil
}

// inlinings appends the places at which the function called name was compiled
// into in.
func inlinings(out []Ref, in gotab.Func, name string) []Ref {
	calls, err := in.InlineTree()
	if err != nil {
		return out
	}
	for _, c := range calls {
		if c.Func == name {
			out = append(out, Ref{Kind: RefInline, From: uint64(in.Entry()) + uint64(c.ParentPC), In: in})
		}
	}
	return out
}

// Inlined returns the places at which a function was compiled into others whose
// name or end of a name is given, at most limit of them: why it has no code of
// its own. The name is that of the first.
func (p *Program) Inlined(pattern string, limit int) (name string, refs []Ref) {
	for in := range p.Functions() {
		calls, err := in.InlineTree()
		if err != nil {
			continue
		}
		for _, c := range calls {
			fits := c.Func == pattern || endsWith([]byte(c.Func), []byte(pattern))
			if !fits || name != "" && c.Func != name {
				continue
			}
			name = c.Func
			refs = append(refs, Ref{Kind: RefInline, From: uint64(in.Entry()) + uint64(c.ParentPC), In: in})
			if len(refs) >= limit {
				return name, refs
			}
		}
	}
	return name, refs
}

// refsFrom decodes one function that may refer to a target.
func (p *Program) refsFrom(out []Ref, dec *decode.Decoder, in gotab.Func, code []byte, targets map[uint64]string) []Ref {
	var x decode.Inst
	var consts Tracker
	add := func(kind RefKind, to uint64) {
		if via, ok := targets[to]; ok {
			out = append(out, Ref{Kind: kind, From: x.PC, In: in, Via: via})
		}
	}
	for off := 0; off < len(code); off += max(x.Len, 1) {
		if dec.Decode(code[off:], uint64(in.Entry())+uint64(off), &x) != nil {
			consts = Tracker{}
			continue
		}
		switch x.Flow {
		case decode.Call:
			add(RefCall, x.Target)
		case decode.Jump, decode.Branch:
			add(RefJump, x.Target)
		}
		if x.HasMem && x.Mem.PCRel {
			add(RefAddress, uint64(x.Mem.Disp))
		}
		if addr, ok := consts.Step(&x); ok {
			add(RefAddress, addr)
		}
	}
	return out
}

// A screen tells quickly that code refers to none of a few addresses. Every
// function is looked at, few are worth decoding.
type screen struct {
	targets []uint64
	near    [1 << 10]uint64 // a bit for each eight bytes that a target is near, folded
}

// slack is how many bytes of an operand may stand behind a displacement, which
// counts from the end of the instruction.
const slack = 4

func newScreen(targets []uint64) *screen {
	s := &screen{targets: targets}
	for _, t := range targets {
		for _, v := range []uint64{t - slack, t} {
			s.near[v>>9%uint64(len(s.near))] |= 1 << (v >> 3 & 63)
		}
	}
	return s
}

// maybe reports whether something in code, which lies at pc, may refer to a
// target: a displacement of four bytes; on arm64 a branch, or the making of an
// address in its page.
func (s *screen) maybe(arm bool, code []byte, pc uint64) bool {
	if arm {
		for i := 0; i+4 <= len(code); i += 4 {
			w := binary.LittleEndian.Uint32(code[i:])
			for _, t := range s.targets {
				if refersARM64(w, pc+uint64(i), t) {
					return true
				}
			}
		}
		return false
	}
	for i := 0; i+4 <= len(code); i++ {
		v := pc + uint64(i) + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i:]))))
		if s.near[v>>9%uint64(len(s.near))]>>(v>>3&63)&1 == 0 {
			continue
		}
		for _, t := range s.targets {
			if t-v <= slack {
				return true
			}
		}
	}
	return false
}

// refersARM64 reports whether the word w at pc branches to t, or makes an
// address in its page.
func refersARM64(w uint32, pc, t uint64) bool {
	switch {
	case w>>26&0x1f == 5: // B, BL
		return pc+uint64(int64(int32(w<<6)>>4)) == t
	case w>>31 == 1 && w>>24&0x1f == 0x10: // ADRP
		imm := int64(int32(w<<8)>>11)&^3 | int64(w>>29&3)
		return pc&^0xfff+uint64(imm<<12) == t&^0xfff
	case w>>24&0x1f == 0x10: // ADR
		imm := int64(int32(w<<8)>>11)&^3 | int64(w>>29&3)
		return pc+uint64(imm) == t
	}
	return false
}
