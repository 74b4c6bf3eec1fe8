package gostate

import (
	"encoding/binary"
	"fmt"

	"moho/arch"
	"moho/core"
)

// Where registers are in a signal frame, in words from the first general one,
// by the names of arch.Registers.
//
// Source: linux/arch/x86/include/uapi/asm/sigcontext.h (struct sigcontext_64);
// arm64's are in the order of arch.Registers.
var amd64Saved = []string{
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	"rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip", "eflags",
}

// Where registers are in asyncPreempt's frame, in words from its stack pointer.
// "" is a word without one.
//
// Source: $GOROOT/src/runtime/preempt_amd64.s and preempt_arm64.s, go1.21 to
// go1.27.
var spills = map[string][]string{
	"amd64": {
		"rax", "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	},
	"arm64": {
		"", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
		"x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
	},
}

const (
	// Bytes from the stack pointer of the interrupted code down to that of
	// asyncPreempt: vector registers are in its frame, or, since Go 1.26, in
	// g.xRegs.
	spillAMD64, spillAMD64Vectors = 136, 392
	spillARM64, spillARM64Vectors = 256, 512

	nzcv = 0xf << 28 // what asyncPreempt saves of pstate
)

// spilled returns the registers of the k-th frame, which asyncPreempt
// interrupted.
func (p *places) spilled(frame, k int) Registers {
	fr, callee := &p.g.Frames[frame], &p.g.Frames[p.list[k-1].last]
	f := p.w.newRegFile(frame, "asyncPreempt does not save it")
	f.place(uint64(fr.PC), uint64(fr.SP), FromAsyncPreempt)
	a, base, sp := p.w.arch, uint64(callee.SP), uint64(fr.SP)
	small, big := uint64(spillAMD64), uint64(spillAMD64Vectors)
	if a.HasLR {
		small, big = spillARM64, spillARM64Vectors
	}
	if sp-base != small && sp-base != big {
		why := fmt.Sprintf("asyncPreempt's frame has %d bytes, which no known version's has", sp-base)
		return p.w.newRegFile(frame, why).Registers
	}
	for i, name := range spills[a.Name] {
		if name != "" {
			f.load(a.RegisterIndex(name), base+uint64(i)*8, FromAsyncPreempt)
		}
	}
	if a.HasLR {
		f.load(a.Index(arch.FP), base-8, FromAsyncPreempt)
		f.load(a.Index(arch.LR), sp-16, FromAsyncPreempt)
		if x, ok := f.v.word(core.Addr(base + 216)); ok {
			f.role(arch.Flags, x&nzcv, FromAsyncPreempt, "its condition flags, nothing else")
		}
		f.role(arch.G, p.x.addr, FromDerived, "Go code keeps its goroutine there")
	} else {
		f.load(a.Index(arch.FP), sp-16, FromAsyncPreempt)
		f.load(a.Index(arch.Flags), sp-24, FromAsyncPreempt)
	}
	p.spilledVectors(f, base, sp-base == big)
	return f.Registers
}

// spilledVectors adds the vector registers that go with a spill.
func (p *places) spilledVectors(f *regFile, base uint64, inFrame bool) {
	arm := p.w.arch.HasLR
	switch {
	case inFrame && arm:
		f.vectors("d", 32, base+232, 8, 8, FromAsyncPreempt)
	case inFrame:
		f.vectors("xmm", 16, base+112, 16, 16, FromAsyncPreempt)
	case p.w.layout.XRegState >= 0:
		state, _ := f.v.word(core.Addr(p.x.addr + uint64(p.w.layout.XRegState)))
		switch {
		case state == 0:
		case arm:
			f.vectors("v", 32, state, 16, 16, FromAsyncPreempt)
		default: // there is room for zmm; which part is filled depends on the machine
			f.vectors("xmm", 16, state, 64, 16, FromAsyncPreempt)
		}
	}
}

// vectors adds n registers of size bytes that are step bytes apart, if the core
// has all of them.
func (f *regFile) vectors(name string, n int, at uint64, step, size int, from Source) {
	b, ok := f.v.slice(core.Addr(at), (n-1)*step+size)
	if ok {
		f.vectorBytes(name, n, b, step, size, from)
	}
}

func (f *regFile) vectorBytes(name string, n int, b []byte, step, size int, from Source) {
	for i := range n {
		if len(b) < i*step+size {
			return
		}
		f.Vectors = append(f.Vectors, Vector{fmt.Sprintf("%s%d", name, i), b[i*step : i*step+size : i*step+size], from})
	}
}

// contextRegisters returns the registers at c, a place where the thread was.
func (w *World) contextRegisters(thread int, c context, frame int) Registers {
	if c.from == "ucontext" {
		return w.signalRegisters(c, frame)
	}
	t := &w.proc.Threads()[thread]
	f := w.newRegFile(frame, "the note about the thread does not have it")
	f.From = w.threadSource()
	for i, x := range t.Regs {
		f.set(i, x, w.threadSource(), "")
	}
	switch {
	case w.arch.HasLR:
		f.vectorBytes("v", 32, t.FP, 16, 16, FromPRStatus)
	case len(t.FP) > fxXMM:
		f.vectorBytes("xmm", 16, t.FP[fxXMM:], 16, 16, FromPRStatus)
	}
	return f.Registers
}

const (
	fxXMM       = 160        // of the xmm registers in an fxsave area
	fpsimdMagic = 0x46508001 // of the record with the vector registers, arm64
)

// signalRegisters returns the registers that the kernel saved in the signal
// frame that c is from.
func (w *World) signalRegisters(c context, frame int) Registers {
	f := w.newRegFile(frame, "the kernel does not save it in a signal frame")
	f.From = FromUContext
	u := ucontexts[w.arch.Name]
	at := c.at + u.regs
	if w.arch.HasLR {
		for i := range w.arch.Registers {
			f.load(i, at+uint64(i)*8, FromUContext)
		}
		f.signalVectors(at + uint64(len(w.arch.Registers))*8)
		return f.Registers
	}
	for i, name := range amd64Saved {
		f.load(w.arch.RegisterIndex(name), at+uint64(i)*8, FromUContext)
	}
	if x, ok := f.v.word(core.Addr(at + uint64(len(amd64Saved))*8)); ok { // cs, gs, fs, ss: 16 bits each
		f.set(w.arch.RegisterIndex("cs"), x&0xffff, FromUContext, "")
		if flags, _ := f.v.word(core.Addr(c.at)); flags&ucSS != 0 {
			f.set(w.arch.RegisterIndex("ss"), x>>48, FromUContext, "")
		}
	}
	if area, _ := f.v.word(core.Addr(at + 23*8)); area != 0 {
		f.vectors("xmm", 16, area+fxXMM, 16, 16, FromUContext)
	}
	return f.Registers
}

// ucSS is UC_SIGCONTEXT_SS: ss is part of the frame.
const ucSS = 2

// maxRecords bounds the records behind the registers of an arm64 signal frame.
const maxRecords = 16

// signalVectors finds the vector registers behind the general ones of an arm64
// signal frame: in one of the records that follow at the next multiple of 16.
//
// Source: linux/arch/arm64/include/uapi/asm/sigcontext.h.
func (f *regFile) signalVectors(at uint64) {
	at = (at + 15) &^ 15
	for range maxRecords {
		b, ok := f.v.slice(core.Addr(at), 16)
		if !ok {
			return
		}
		magic, size := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
		if magic == fpsimdMagic {
			f.vectors("v", 32, at+16, 16, 16, FromUContext)
			return
		}
		if magic == 0 || size < 16 {
			return
		}
		at += uint64(size)
	}
}
