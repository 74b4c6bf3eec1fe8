package gostate

import (
	"fmt"

	"moho/arch"
	"moho/core"
)

// A Source says where the value of a register was kept.
type Source string

const (
	FromPRStatus     Source = "prstatus"     // the kernel's note about the thread
	FromCoredump     Source = "coredump"     // the globals and frames of a WebAssembly coredump
	FromUContext     Source = "ucontext"     // the kernel's frame on the signal stack
	FromAsyncPreempt Source = "asyncPreempt" // spilled when the goroutine was preempted
	FromGobuf        Source = "gobuf"        // saved when the goroutine was parked
	FromSyscall      Source = "syscall"      // saved when it entered a system call
	FromVDSO         Source = "vdso"         // saved when it called into the kernel's own page
	FromDerived      Source = "derived"      // computed from the tables and the stack; How says how
	Unavailable      Source = "unavailable"  // lost; How says why
)

// A Register is what a register held in one frame. Value is 0 when From is
// [Unavailable].
type Register struct {
	Name  string
	Value uint64
	From  Source
	How   string
}

// A Vector is the low bytes of a vector register, least significant first: 16
// of them, or 8 where only those were saved (a d register of arm64).
type Vector struct {
	Name  string
	Bytes []byte
	From  Source
}

// Registers are those of one frame of a goroutine, or of one place where a
// thread was.
//
// Frame is the index in Goroutine.Frames that they belong to, -1 for none. List
// has every register of the architecture once, in the order of arch.Registers.
// Vectors has those that were saved. From is where the program counter is from.
type Registers struct {
	Frame   int
	From    Source
	Note    string // what is to be known about all of them
	Why     string // why most of those that are unavailable are
	List    []Register
	Vectors []Vector
}

// Lookup returns the register with the given name.
func (r *Registers) Lookup(name string) (Register, bool) {
	for _, x := range r.List {
		if x.Name == name {
			return x, true
		}
	}
	return Register{}, false
}

// Known returns how many registers have a value.
func (r *Registers) Known() int {
	n := 0
	for _, x := range r.List {
		if x.From != Unavailable {
			n++
		}
	}
	return n
}

// A regFile collects the registers of one place.
type regFile struct {
	w *World
	v view
	Registers
}

// newRegFile returns a file in which all registers are unavailable.
func (w *World) newRegFile(frame int, why string) *regFile {
	f := &regFile{w: w, v: view{mem: w.mem}, Registers: Registers{Frame: frame, From: Unavailable, Why: why}}
	f.List = make([]Register, len(w.arch.Registers))
	for i, r := range w.arch.Registers {
		f.List[i] = Register{Name: r.Name, From: Unavailable, How: why}
	}
	return f
}

// set gives a value to the i-th register; i may be -1, for one that the
// architecture has not.
func (f *regFile) set(i int, value uint64, from Source, how string) {
	if i < 0 || i >= len(f.List) {
		return
	}
	f.List[i].Value, f.List[i].From, f.List[i].How = value, from, how
}

func (f *regFile) role(r arch.Role, value uint64, from Source, how string) {
	f.set(f.w.arch.Index(r), value, from, how)
}

// load gives the i-th register the word at a.
func (f *regFile) load(i int, a uint64, from Source) {
	if x, ok := f.v.word(core.Addr(a)); ok {
		f.set(i, x, from, "")
	} else if i >= 0 && i < len(f.List) {
		f.List[i].How = fmt.Sprintf("the core does not hold %#x, where it was saved", a)
	}
}

// place sets what every source knows: where the program was.
func (f *regFile) place(pc, sp uint64, from Source) {
	f.From = from
	f.role(arch.PC, pc, from, "")
	f.role(arch.SP, sp, from, "")
}

// Innermost asks [World.Registers] for the frame whose registers the goroutine
// goes on with.
const Innermost = -1

// Registers returns what the core holds of the registers of frame, an index in
// g.Frames, or [Innermost].
//
// All of them are known where a thread, a signal or a preemption stopped the
// goroutine. Of one that is parked or in a system call the runtime saved the
// program counter, the stack pointer and the frame pointer; the rest is lost, as
// Go's calling convention preserves no other register. So it is for the callers
// of every frame, for which they are derived. A register without a value says
// why in How.
//
// Source: $GOROOT/src/cmd/compile/abi-internal.md, $GOROOT/src/runtime/preempt_amd64.s
// and preempt_arm64.s, go1.21 to go1.27.
func (w *World) Registers(g *Goroutine, frame int) Registers {
	p := w.placesOf(g)
	if frame < 0 {
		frame = p.innermost()
	}
	k := p.physical(frame)
	if k < 0 {
		why := "the goroutine has no frame of that number"
		if len(g.Frames) == 0 {
			why = g.Truncated
		}
		return w.newRegFile(-1, why).Registers
	}
	return p.registers(frame, k)
}

// ThreadRegisters returns where the thread was, from the inside out: its own
// registers, and, while those are on its signal stack, what the signal had
// interrupted.
func (w *World) ThreadRegisters(tid int) []Registers {
	i, ok := w.byTID[tid]
	if !ok {
		return nil
	}
	var list []Registers
	if m := w.machineOfThread(tid); m != nil {
		for _, c := range m.contexts {
			list = append(list, w.contextRegisters(i, c, -1))
		}
	}
	if len(list) == 0 && len(w.threads[i].Regs) > 0 {
		list = append(list, w.contextRegisters(i, context{from: string(w.threadSource())}, -1))
	}
	return list
}

// threadSource says where the registers of threads themselves are from.
func (w *World) threadSource() Source {
	if w.noSignals() {
		return FromCoredump
	}
	return FromPRStatus
}

// exact reports whether registers from there are those of an instruction, not
// of a place to return to.
func exact(from string) bool {
	switch Source(from) {
	case FromPRStatus, FromCoredump, FromUContext:
		return true
	}
	return false
}
