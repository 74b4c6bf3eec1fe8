package wasmdump

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"moho/arch"
	"moho/core"
	"moho/evidence"
	"moho/objfile"
	"moho/objfile/wasmbin"
)

// ThreadID is the id of the one thread that an instance has.
const ThreadID = 1

// Kinds of processes, as [core.Process.Kind] has them.
const (
	KindCore   = "wasm-core"
	KindMemory = "wasm-memory"
)

// A Dump is the contents of a coredump.
type Dump struct {
	Name    string           // of the executable
	Modules []string         // their names
	BuildID evidence.BuildID // of the module, where the producer says it
	Pages   uint32           // size of the memory, in pages of 64 KiB
	Data    []core.Bytes     // what was in it, by address; the rest is zero
	Globals []wasmbin.Value  // of the first instance, in the order of its module
	Thread  string           // name of the thread
	Frames  []Frame          // innermost first; nil where the producer says nothing

	gaps []evidence.Gap
}

// A Frame is one call on the stack of the engine. Func is the index of the
// function in its module, imported ones counted, and Offset where in its body it
// was, locals included; 0 may stand for not known.
type Frame struct{ Func, Offset uint32 }

// Is reports whether the module in data is a coredump, by its custom sections.
func Is(f *objfile.File) bool {
	m := f.WASM()
	if m == nil {
		return false
	}
	_, ok := m.Custom("core")
	return ok
}

// Open opens the coredump at path.
//
// The error wraps [core.ErrFormat] for a file that is no coredump, or one that
// can't be read or would take too much memory.
func Open(path string) (*core.Process, error) {
	f, err := objfile.Open(path)
	if err != nil {
		return nil, notCore(path, err)
	}
	return open(path, f)
}

// OpenFile opens an open file, which need not stay so: a coredump, or what else
// can only be a memory. name is what the process is called.
func OpenFile(name string, fd *os.File) (*core.Process, error) {
	var magic [4]byte
	if n, _ := fd.ReadAt(magic[:], 0); n < len(magic) || string(magic[:]) != "\x00asm" {
		data, release, err := core.MapFile(fd)
		if err != nil {
			return nil, fmt.Errorf("core: %w", err)
		}
		return newMemory(name, data, release)
	}
	f, err := objfile.OpenFile(fd)
	if err != nil {
		return nil, notCore(name, err)
	}
	return open(name, f)
}

// NewBytes is [Open] for a coredump that is in memory. The process refers to
// data, which must not change.
func NewBytes(name string, data []byte) (*core.Process, error) {
	f, err := objfile.NewBytes(name, data)
	if err != nil {
		return nil, notCore(name, err)
	}
	return open(name, f)
}

func notCore(name string, err error) error {
	if errors.Is(err, objfile.ErrFormat) {
		what := strings.TrimPrefix(err.Error(), name+": ")
		return &core.FormatError{Name: name, Off: -1, What: what}
	}
	return err
}

// open takes f over.
func open(name string, f *objfile.File) (*core.Process, error) {
	p, err := assemble(name, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func assemble(name string, f *objfile.File) (*core.Process, error) {
	d, err := read(name, f)
	if err != nil {
		return nil, err
	}
	memory, err := join(name, f.Size(), d.Data, uint64(d.Pages)*wasmbin.PageSize)
	if err != nil {
		return nil, err
	}
	in := &instance{kind: KindCore, id: d.BuildID, frames: d.Frames, globals: registers(d.Globals)}
	if in.globals == nil {
		d.gap("registers", name, "the coredump does not hold the eight globals of a Go module")
	}
	command := d.Name
	if command == "" && len(d.Modules) == 1 {
		command = d.Modules[0]
	}
	return in.assemble(core.Parts{Name: name, Memory: memory, Command: command, Gaps: d.gaps, Close: f.Close})
}

// Parse reads a coredump. The result refers to data.
func Parse(name string, data []byte) (*Dump, error) {
	f, err := objfile.NewBytes(name, data)
	if err != nil {
		return nil, notCore(name, err)
	}
	return read(name, f)
}

func read(name string, f *objfile.File) (*Dump, error) {
	m := f.WASM()
	switch {
	case m == nil:
		return nil, &core.FormatError{Name: name, Off: -1, What: "the file is no WebAssembly coredump: it is " + f.Format()}
	case !Is(f):
		return nil, &core.FormatError{
			Name: name, Off: -1, What: "the file is a WebAssembly module, not a coredump: it has no section core",
			Hint: "give the coredump or the memory first, then the module",
		}
	case m.Memory() == nil:
		return nil, &core.FormatError{Name: name, Off: -1, What: "the coredump has no memory"}
	}
	d := &Dump{BuildID: f.BuildID(), Pages: m.Memory().Min}
	for seg := range m.Data {
		switch {
		case seg.Mode != wasmbin.Active || len(seg.Bytes) == 0:
		case !seg.Offset.Known:
			return nil, &core.FormatError{Name: name, Off: seg.Off, What: "a data segment goes to an address that is no constant"}
		default:
			d.Data = append(d.Data, core.Bytes{Addr: core.Addr(seg.Offset.Bits), Data: seg.Bytes})
		}
	}
	d.sections(name, m)
	return d, nil
}

func (d *Dump) gap(what, where, format string, args ...any) {
	d.gaps = append(d.gaps, evidence.Gap{What: what, Where: where, Why: fmt.Sprintf(format, args...)})
}

// registers returns the globals as arch.WASM has them, or nil if they are not
// those of a Go module.
func registers(globals []wasmbin.Value) []uint64 {
	n := len(arch.WASM.Registers) - 1 // the pc is no global
	if len(globals) < n {
		return nil
	}
	regs := make([]uint64, n)
	for i := range regs {
		want := byte(wasmbin.I64)
		if i == 0 || i == n-1 { // SP and PAUSE
			want = wasmbin.I32
		}
		v := globals[i]
		if !v.Known || v.Type.Code != want {
			return nil
		}
		regs[i] = v.Bits
	}
	return regs
}
