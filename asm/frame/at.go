package frame

import (
	"fmt"
	"math"
	"strconv"

	"moho/gotab"
)

// A Place is where a value is: in a register, or in 8 bytes at an address.
// Register is the first to look at where it is in both.
type Place struct {
	Register string  `json:"register,omitempty"`
	Addr     *uint64 `json:"-"`
	Address  string  `json:"address,omitempty"` // Addr, in hexadecimal
}

// String returns "in R", "at 0x…" or both, for people.
func (p Place) String() string {
	switch {
	case p.Register != "" && p.Addr != nil:
		return fmt.Sprintf("in %s and at %#x", p.Register, *p.Addr)
	case p.Register != "":
		return "in " + p.Register
	case p.Addr != nil:
		return fmt.Sprintf("at %#x", *p.Addr)
	}
	return "nowhere"
}

// A Point is a stopped function seen from its caller: what a debugger needs for
// the next step of a backtrace.
type Point struct {
	Func  gotab.Func `json:"-"`
	Name  string     `json:"name"`
	Off   uint64     `json:"off"` // of the PC from the entry of the function
	Class Class      `json:"class"`

	Delta    Fact[int32]  `json:"delta"`    // of SP below the entry SP
	EntrySP  Fact[uint64] `json:"-"`        // SP when the function's first instruction was next
	CallerSP Fact[uint64] `json:"-"`        // SP of the caller after the return; DWARF's CFA
	ReturnPC Fact[Place]  `json:"returnPC"` // where the address is to which the function returns
	CallerFP Fact[Place]  `json:"callerFP"` // where the caller's frame pointer is
}

// At answers for a thread that is stopped at pc, an address as the file has it,
// with the stack pointer sp. The instruction at pc is the next to execute; for
// a frame further up take the call, not the return address. The error wraps
// objfile.ErrFormat where no function or no instruction begins there.
func (l *Layouts) At(pc gotab.PC, sp uint64) (Point, error) {
	fn, ok := l.p.Table.FuncAt(pc)
	if !ok {
		return Point{}, fmt.Errorf("no function at %#x", uint64(pc))
	}
	b, err := l.r.read(fn)
	if err != nil {
		return Point{}, err
	}
	i := b.at(uint64(pc))
	if i < 0 {
		return Point{}, fmt.Errorf("%s+%#x: no instruction begins there", fn.Name(), uint64(pc)-b.entry)
	}
	cl := l.classify(b)
	p := Point{Func: fn, Name: fn.Name(), Off: b.off(i), Class: cl[i]}
	if fn.Flags()&gotab.SPWrite != 0 {
		p.unknown("writes SP in a way that the tables can't say (SPWRITE)")
		return p, nil
	}
	p.Delta = recorded(b.delta[i])
	entry := sp + uint64(int64(b.delta[i]))
	const above = 16 // the words that are read there, of either architecture
	if room := uint64(max(int64(b.delta[i]), 0)) + above; sp > math.MaxUint64-room {
		return Point{}, fmt.Errorf("SP %#x leaves no room for the frame: entry SP is %d bytes above", sp, b.delta[i])
	}
	why := fmt.Sprintf("SP%+d", b.delta[i])
	p.EntrySP = derived(entry, why)
	p.CallerSP = p.EntrySP
	if !b.arch.HasLR {
		p.CallerSP = derived(entry+8, fmt.Sprintf("SP%+d, above the return address", b.delta[i]+8))
	}
	if fn.Flags()&gotab.TopFrame != 0 {
		why := "the outermost function of its stack (TOPFRAME) has no caller"
		p.CallerSP, p.ReturnPC, p.CallerFP = unknown[uint64](why), unknown[Place](why), unknown[Place](why)
		return p, nil
	}
	p.places(b, b.saved(cl)[i], entry)
	return p, nil
}

func (p *Point) unknown(why string) {
	p.Delta, p.EntrySP, p.CallerSP = unknown[int32](why), unknown[uint64](why), unknown[uint64](why)
	p.ReturnPC, p.CallerFP = unknown[Place](why), unknown[Place](why)
}

// places turns the state before the instruction into places.
func (p *Point) places(b *body, k kept, entry uint64) {
	const unreached = "no way from the entry to here was found"
	place := func(h home, reg string) Fact[Place] {
		out := Place{}
		if h.inReg {
			out.Register = reg
		}
		if h.inSlot {
			at := entry + uint64(h.off)
			out.Addr, out.Address = &at, "0x"+strconv.FormatUint(at, 16)
		}
		switch {
		case !k.seen:
			return unknown[Place](unreached)
		case !h.inReg && !h.inSlot:
			return unknown[Place]("the code does not keep it where it can be followed")
		case h.inSlot && !h.inReg:
			return derived(out, fmt.Sprintf("stored at entry SP%+d", h.off))
		}
		return derived(out, "not overwritten since the entry")
	}
	if b.arch.HasLR {
		p.ReturnPC = place(k.lr, "R30")
		p.CallerFP = place(k.fp, "R29")
		return
	}
	at := entry
	p.ReturnPC = derived(Place{Addr: &at, Address: "0x" + strconv.FormatUint(at, 16)}, "the call pushes it to the entry SP")
	p.CallerFP = place(k.fp, "RBP")
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
