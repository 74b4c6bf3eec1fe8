package frame

import (
	"fmt"
	"strings"

	"moho/arch"
	"moho/decode"
	"moho/evidence"
	"moho/gotab"
)

// A Flag is one of the flags of a TEXT directive. How is unknown for a flag of
// which the program does not tell.
type Flag struct {
	Name string          `json:"name"`
	Set  bool            `json:"set"`
	How  evidence.Origin `json:"how"`
	Why  string          `json:"why,omitempty"`
}

// Text is the TEXT directive as somebody would write it in an assembly file.
//
// Size is the number before the dash: what the function uses itself, without
// what the assembler adds (BP on amd64, LR and FP on arm64). The listing of
// go build -gcflags=-S prints another one there, the final size.
type Text struct {
	Symbol string       `json:"symbol"`
	ABI    Fact[string] `json:"abi"` // ABI0 or ABIInternal
	Flags  []Flag       `json:"flags"`
	Size   Fact[int64]  `json:"frame"`
	Args   Fact[int64]  `json:"args"`
}

// String returns the directive. A part that is not known is left out, and the
// size is a question mark.
func (t Text) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "TEXT %s(SB), ", t.Symbol)
	flags := "0"
	for _, f := range t.Flags {
		switch {
		case !f.Set || f.How == evidence.Unknown:
		case flags == "0":
			flags = f.Name
		default:
			flags += "|" + f.Name
		}
	}
	s.WriteString(flags)
	if t.Size.Known() {
		fmt.Fprintf(&s, ", $%d", t.Size.Value)
	} else {
		s.WriteString(", $?")
	}
	if t.Args.Known() {
		fmt.Fprintf(&s, "-%d", t.Args.Value)
	}
	return s.String()
}

// symbolName writes a linker symbol as the assembler wants it: a middle dot
// before the name, and a division slash between the elements of the path.
func symbolName(name string) string {
	pkg, rest := "", name
	slash := strings.LastIndexByte(strings.SplitN(name, "[", 2)[0], '/')
	if dot := strings.IndexByte(name[slash+1:], '.'); dot >= 0 {
		pkg, rest = name[:slash+1+dot], name[slash+1+dot+1:]
	} else {
		return name
	}
	return strings.ReplaceAll(pkg, "/", "∕") + "·" + strings.ReplaceAll(rest, ".", "·")
}

// text returns the TEXT directive. more is the index of the block that calls
// morestack, or -1.
func (l *Layouts) text(b *body, f *Frame, more int) Text {
	fn := b.fn
	t := Text{Symbol: symbolName(f.Name), Args: argsFact(fn)}
	leaf := b.leaf()
	noframe := Flag{Name: "NOFRAME", How: evidence.Derived}
	t.Size, noframe.Set, noframe.Why = b.textSize(f.Opens, leaf)
	if f.Opens.Size == 0 && leaf {
		noframe.How = evidence.Unknown
	}
	t.ABI = l.abi(b, f)
	t.Flags = append(t.Flags, nosplit(b, f.Opens, more, leaf), noframe, l.needCtxt(b, more))
	t.Flags = append(t.Flags, l.flagFacts(fn)...)
	return t
}

func argsFact(fn gotab.Func) Fact[int64] {
	if n, ok := fn.Args(); ok {
		return recorded(int64(n))
	}
	return unknown[int64]("assembly without a Go declaration: the directive names no size of arguments")
}

// leaf reports whether b calls nothing; the panics that take no argument do not
// count, and neither does morestack.
func (b *body) leaf() bool {
	for i := range b.insts {
		if f := b.insts[i].Flow; f == decode.Call || f == decode.CallIndirect {
			return false
		}
	}
	return true
}

// textSize turns the size of the frame into the number of the directive.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/obj6.go (bpsize) and
// $GOROOT/src/cmd/internal/obj/arm64/obj7.go (extrasize), go1.18 to go1.27;
// $GOROOT/src/cmd/compile/internal/arm64/ggen.go (padframe).
func (b *body) textSize(s Shape, leaf bool) (size Fact[int64], noframe bool, why string) {
	fp, _ := s.savedFP()
	switch {
	case s.Size == 0 && leaf:
		return derived(int64(0), "a leaf without a frame"), false, "the assembler makes no frame for a leaf that asks for none, with the flag or without it"
	case s.Size == 0:
		return derived(int64(0), "SP is not lowered"), true, "it calls, and saves no register of its caller"
	case b.arch == arch.AMD64 && s.SavesFP && fp == -8:
		return derived(s.Size-8, fmt.Sprintf("SP is lowered by %d, of which 8 keep BP", s.Size)), false, "BP is saved where the assembler does it"
	case b.arch == arch.ARM64 && s.SavesFP && s.SavesLR && s.Size >= 16 && !s.plain:
		w := fmt.Sprintf("SP is lowered by %d, of which 8 keep LR and 8 are left to the caller's FP", s.Size)
		if b.fn.Flags()&gotab.Asm != 0 && s.Size >= 24 {
			w += fmt.Sprintf("; %d would be assembled the same way", s.Size-24)
		}
		return derived(s.Size-16, w), false, "LR and FP are saved in the way of the assembler"
	}
	return derived(int64(0), fmt.Sprintf("the function lowers SP by %d itself", s.Size)), true, "the frame is not made in the way of the assembler"
}

func nosplit(b *body, s Shape, more int, leaf bool) Flag {
	f := Flag{Name: "NOSPLIT", How: evidence.Derived}
	switch {
	case more >= 0:
		f.Why = "calls runtime.morestack"
	case b.arch == arch.ARM64 && leaf && s.Size == 0:
		f.How, f.Why = evidence.Unknown, "a leaf without a frame has no stack check, with the flag or without it"
	case leaf && s.Size < 128:
		f.Set, f.Why = true, "no call of runtime.morestack; the assembler sets it for a leaf whose frame is below 128 bytes"
	default:
		f.Set, f.Why = true, "no call of runtime.morestack"
	}
	return f
}

// needCtxt tells whether the function uses the closure that it was called
// through. Which morestack it calls says so exactly; else what it reads does.
func (l *Layouts) needCtxt(b *body, more int) Flag {
	f := Flag{Name: "NEEDCTXT", How: evidence.Derived}
	if more >= 0 {
		for i := more; i < len(b.insts); i++ {
			if in := &b.insts[i]; in.Flow == decode.Call && l.isMorestack(in.Target) {
				f.Set = l.moreAt(in.Target) == moreContext
				f.Why = "calls " + l.callee(in.Target)
				return f
			}
		}
	}
	i, read := b.readsFirst(b.roles.closure)
	switch {
	case b.fn.Flags()&gotab.Asm != 0 && read:
		f.How, f.Why = evidence.Unknown, fmt.Sprintf("assembly that reads the closure register at +%#x, for whatever reason", b.off(i))
	case read:
		f.Set, f.Why = true, fmt.Sprintf("reads the closure register at +%#x, before anything is written to it", b.off(i))
	default:
		f.Why = "does not read the closure register before it is written"
	}
	return f
}

// readsFirst reports whether some way from the entry reads r before r is
// written, and where.
func (b *body) readsFirst(r decode.Reg) (int, bool) {
	seen := make([]bool, len(b.insts))
	work := []int{0}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		for ; i >= 0 && i < len(b.insts) && !seen[i]; i++ {
			seen[i] = true
			in := &b.insts[i]
			if in.Uses.Has(r) && !sets(in, r) {
				return i, true
			}
			if in.Defs.Has(r) || in.Flow == decode.Call || in.Flow == decode.CallIndirect {
				break
			}
			if in.Flow == decode.Branch || in.Flow == decode.Jump {
				work = append(work, b.at(in.Target))
			}
			if in.Flow != decode.Next && in.Flow != decode.Branch {
				break
			}
		}
	}
	return 0, false
}

// sets reports whether in gives r a value that does not depend on what it held:
// XORL DX, DX uses DX only in letter.
func sets(in *decode.Inst, r decode.Reg) bool {
	for _, e := range in.Effects[:in.NEffect] {
		if e.Op == decode.Set && e.Dst == r {
			return true
		}
	}
	return false
}

// flagFacts returns the flags that are recorded, and those of which a linked
// program does not tell.
//
// Source: $GOROOT/src/cmd/internal/obj/textflag.go, go1.26.
func (l *Layouts) flagFacts(fn gotab.Func) []Flag {
	wrapper := Flag{Name: "WRAPPER", How: evidence.Recorded, Why: "funcID"}
	if l.p.IsWrapper(fn) {
		wrapper = Flag{Name: "WRAPPER", Set: true, How: evidence.Derived, Why: "funcID says that the compiler made it; ABI wrappers have the same"}
	} else if _, ok := fn.WrapInfo(); ok { // of a go or defer statement, in Go 1.18
		wrapper.Set, wrapper.Why = true, "FUNCDATA_WrapInfo"
	}
	flags := []Flag{wrapper, {Name: "TOPFRAME", Set: fn.Flags()&gotab.TopFrame != 0, How: evidence.Recorded}}
	for _, name := range []string{"DUPOK", "REFLECTMETHOD"} {
		flags = append(flags, Flag{Name: name, How: evidence.Unknown, Why: "not kept in a linked program"})
	}
	return flags
}
