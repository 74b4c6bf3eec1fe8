package wasmdump

import (
	"bytes"
	"fmt"
	"slices"

	"moho/arch"
	"moho/core"
	"moho/decode"
	"moho/evidence"
	"moho/gotab"
	"moho/objfile"
)

// An instance is what is known of the one that was running, its memory apart.
type instance struct {
	kind    string
	id      evidence.BuildID
	globals []uint64 // registers but for the pc, or nil
	frames  []Frame
}

func (in *instance) assemble(parts core.Parts) (*core.Process, error) {
	parts.Kind, parts.Arch, parts.BuildID, parts.Image = in.kind, arch.WASM, in.id, in
	if n := len(parts.Memory); n > 0 {
		size := uint64(parts.Memory[n-1].Addr) + uint64(len(parts.Memory[n-1].Data))
		parts.Regions = []core.Region{{Size: size, FileSize: size, Read: true, Write: true}}
	}
	if in.globals != nil {
		parts.Threads = in.thread(parts.Memory)
	}
	return core.Assemble(parts)
}

// thread is the thread as far as the coredump knows it without the module.
//
// Where the engine had no frames the program waits for its host. It goes on by a
// call that returns to the address on top of its stack: that is where it is.
//
// Source: $GOROOT/src/runtime/asm_wasm.s (pause), rt0_js_wasm.s
// (wasm_export_resume), go1.21 to go1.27.
func (in *instance) thread(memory []core.Bytes) []core.Thread {
	t := core.Thread{TID: ThreadID, Regs: in.globals}
	sp := in.globals[arch.WASM.Index(arch.SP)]
	if pc, ok := word(memory, sp); ok && in.frames != nil && len(in.frames) == 0 {
		t.Regs = append(slices.Clone(in.globals), pc)
		t.Regs[arch.WASM.Index(arch.SP)] = sp + 8
	}
	return []core.Thread{t}
}

func word(memory []core.Bytes, at uint64) (uint64, bool) {
	for _, b := range memory {
		if off := at - uint64(b.Addr); off < uint64(len(b.Data)) && uint64(len(b.Data))-off >= 8 {
			return arch.WASM.Order.Uint64(b.Data[off:]), true
		}
	}
	return 0, false
}

// Threads adds the program counter, which only the module tells: the coredump
// says which byte of which function was executing.
func (in *instance) Threads(p *core.Process, f *objfile.File) []core.Thread {
	ts := p.Threads()
	if len(ts) == 0 || len(in.frames) == 0 || len(ts[0].Regs) >= len(arch.WASM.Registers) {
		return ts
	}
	pc, trap, err := locate(f, in.frames[0])
	if err != nil {
		return ts
	}
	ts[0].Regs, ts[0].Trap = append(slices.Clone(in.globals), pc), trap
	return ts
}

// locate returns what Go's tables call the place of a frame in the module f: the
// index of the function and the block in it that the runtime can resume at. An
// innermost frame that makes no call there was stopped by the engine; trap is the
// instruction then.
func locate(f *objfile.File, fr Frame) (pc uint64, trap string, err error) {
	fn, ok := f.WASMFunc(fr.Func)
	if !ok {
		return 0, "", fmt.Errorf("%s: no function %d", f.Name(), fr.Func)
	}
	pc = (uint64(fr.Func) - uint64(f.WASMNumImports()) + gotab.WASMFirst) << 16
	w, err := decode.NewWASM(f.WASMBody(fn))
	if err != nil {
		return 0, "", fmt.Errorf("%s: function %d: %w", f.Name(), fr.Func, err)
	}
	block, called := 0, false
	for in := (decode.WASMInst{}); ; {
		if err := w.Next(&in); err != nil || in.Off > int(fr.Offset) {
			break
		}
		block = max(block, in.Block)
		call := in.Flow == decode.Call || in.Flow == decode.CallIndirect
		if in.Off == int(fr.Offset) && fr.Offset > 0 && !call && !called { // some producers state what follows a call
			trap = string(w.AppendText(nil, &in, nil)) + reason(&in)
		}
		called = call
	}
	return pc | uint64(block), trap, nil
}

// reason says why an engine stops at an instruction, where there is one reason.
//
// Source: WebAssembly core specification 2.0, section 4.4.
func reason(in *decode.WASMInst) string {
	switch op := in.Op; {
	case op == 0x00:
		return ""
	case op >= 0x28 && op <= 0x3e, op == 0xfc<<16|10, op == 0xfc<<16|11: // loads, stores, memory.copy, memory.fill
		return ", outside the memory"
	case op >= 0x6d && op <= 0x70, op >= 0x7f && op <= 0x82:
		return ", division by zero or overflow"
	case op >= 0xa8 && op <= 0xab, op >= 0xae && op <= 0xb1:
		return ", no integer"
	}
	return ""
}

// Match compares Build IDs, where both are known, and then the memory with what
// the module puts there and no program changes: all up to the variables.
func (in *instance) Match(p *core.Process, f *objfile.File) (how string, err error) {
	mismatch := func(format string, args ...any) (string, error) {
		return "", &core.MismatchError{Name: f.Name(), Core: in.id, Image: f.BuildID(), What: fmt.Sprintf(format, args...)}
	}
	if f.WASM() == nil {
		return mismatch("it is no WebAssembly module")
	}
	if Is(f) {
		return mismatch("it is a coredump, not a module")
	}
	how = "unchecked"
	if id, other := in.id, f.BuildID(); id.Go != "" && other.Go != "" {
		if !id.Matches(other) {
			return mismatch("the build IDs differ")
		}
		how = "buildid"
	}
	t, err := gotab.Open(f)
	if err != nil {
		return how, nil // gostate says why it is no Go program
	}
	mod, ok := t.Module()
	if !ok {
		return how, nil
	}
	const moduledata = 1 << 10 // more than its bytes, which the runtime fills in
	compared := 0
	v := p.View()
	for d := range f.WASM().Data {
		lo := d.Offset.Bits
		n := uint64(len(d.Bytes))
		if !d.Offset.Known || lo >= uint64(mod.NoPtrData) {
			continue
		}
		n = min(n, uint64(mod.NoPtrData)-lo)
		if at := uint64(mod.Addr); lo < at+moduledata && at < lo+n {
			continue
		}
		b, err := v.Slice(core.Addr(lo), int(n))
		if err != nil {
			return mismatch("its data at %#x is beyond the memory", lo)
		}
		if !bytes.Equal(b, d.Bytes[:n]) {
			i := uint64(0)
			for b[i] == d.Bytes[i] {
				i++
			}
			return mismatch("the bytes at %#x in memory are not those of the module", lo+i)
		}
		compared += int(n)
	}
	if how == "unchecked" && compared > granule {
		how = "contents"
	}
	return how, nil
}
