package gostate

import (
	"errors"
	"fmt"
	"sync"

	"moho/arch"
	"moho/core"
	"moho/evidence"
	"moho/gostate/internal/layout"
	"moho/gotab"
	"moho/objfile"
)

// Options say how to open a World. The zero value is fine.
type Options struct {
	// Progress is called now and then with the bytes of memory searched so
	// far, when all of memory has to be searched. It may be nil.
	Progress func(done, total int64)
}

// A World is the Go side of a stopped process. It is safe for concurrent use
// as long as the process is open.
type World struct {
	proc   *core.Process
	exe    *objfile.File // nil when the core alone had to do
	arch   *arch.Arch
	table  *gotab.Table
	bias   uint64
	mem    *memory
	mod    gotab.Module // in the process's addresses; zero when unreadable
	wrap   gotab.FuncID
	dataLo uint64 // the program's variables, and what lies between them
	dataHi uint64
	layout *layout.Layout
	exact  bool

	version, versionFrom string
	exeFrom              string

	gs      []uint64 // addresses, in the order of runtime.allgs
	ms      []machine
	byM     map[uint64]int // index in ms
	threads []Thread
	byTID   map[int]int // index in threads
	effort  int64       // what findThreads may still look at

	latest      int64 // of all stamps of waits
	dead, extra int   // g structs that are not in use

	idsOnce sync.Once
	ids     map[uint64]uint64 // addresses by id

	sites sites
	opens opens
	gaps  []evidence.Gap
}

// Open finds the Go runtime in p.
//
// exe is the executable of the process and may be nil when the core holds the
// program's text and tables. Open gives the process the executable's bytes for
// what the core left out, and compares the runtime's own description of the
// module in both: the error wraps [ErrMismatch] when they differ. It wraps
// [ErrNotGo], [ErrNoText] or [ErrVersion] when there is nothing to read, or no
// way to; what is merely missing is listed by [World.Gaps].
func Open(p *core.Process, exe *objfile.File, opts Options) (*World, error) {
	w := &World{proc: p, exe: exe, arch: p.Arch()}
	w.sites.byPC = make(map[siteKey]*site)
	if w.arch == nil {
		return nil, fmt.Errorf("gostate: %s: %w: no such architecture", p.Name(), ErrNotGo)
	}
	var err error
	if exe != nil {
		err = w.openExe(exe)
	} else {
		err = w.openText()
	}
	if err != nil {
		return nil, err
	}
	w.wrap, _ = w.table.WrapperID()
	if err := w.findGoroutines(opts); err != nil {
		return nil, err
	}
	w.findThreads()
	return w, nil
}

// openExe sets up tables, memory, version and layout from the executable.
func (w *World) openExe(exe *objfile.File) error {
	var err error
	if w.exeFrom, err = w.proc.MatchesImage(exe); err != nil {
		return fmt.Errorf("gostate: %w", err)
	}
	if w.table, err = gotab.Open(exe); err != nil {
		return fmt.Errorf("gostate: %s: %w: %w", exe.Name(), ErrNotGo, err)
	}
	if w.bias, _, err = w.proc.Bias(exe); err != nil {
		return fmt.Errorf("gostate: %w", err)
	}
	w.proc.AddImage(exe, w.bias)
	w.mem = newMemory(w.proc)
	info, err := exe.BuildInfo()
	if err == nil && info.GoVersion != "" {
		w.version, w.versionFrom = info.GoVersion, "build info of the executable"
	}
	if err := w.chooseLayout(); err != nil {
		return err
	}
	return w.checkModule(exe)
}

// checkModule reads the runtime's description of the program from memory and
// compares it with that in the executable.
func (w *World) checkModule(exe *objfile.File) error {
	file, ok := w.table.Module()
	if !ok {
		w.setSegments(exe)
		w.gap("module data", exe.Name(), "not found in the executable; all its writable memory is searched")
		return nil
	}
	at := file.Addr + objfile.Addr(w.bias)
	mod, err := gotab.ReadModule(tables{w.mem, w.arch}, at)
	if errors.Is(err, errAbsent) {
		w.setSegments(exe)
		w.gap("module data", fmt.Sprintf("%#x", uint64(at)), "the core does not hold it; all writable memory of the executable is searched")
		return nil
	}
	if err != nil {
		return fmt.Errorf("gostate: %s: %w: it has its module data at %#x, the process has none there: %w",
			exe.Name(), ErrMismatch, uint64(at), err)
	}
	for _, a := range []struct {
		what      string
		got, want uint64
	}{
		{"function table", uint64(mod.PCHeader), uint64(w.table.Addr())},
		{"text", uint64(mod.Text), uint64(file.Text)},
		{"end of the text", uint64(mod.EText), uint64(file.EText)},
		{"last function", uint64(mod.MaxPC), uint64(file.MaxPC)},
		{"data", uint64(mod.Data), uint64(file.Data)},
		{"end of the bss", uint64(mod.EBSS), uint64(file.EBSS)},
	} {
		if a.got != a.want+w.bias {
			return fmt.Errorf("gostate: %s: %w: in memory the %s is at %#x, by the executable at %#x",
				exe.Name(), ErrMismatch, a.what, a.got, a.want+w.bias)
		}
	}
	if err := w.setVariables(mod); err != nil {
		return fmt.Errorf("gostate: %s: %w", exe.Name(), err)
	}
	return nil
}

// chooseLayout picks the table for the version, found in the core if nothing
// else has said it.
func (w *World) chooseLayout() error {
	if w.version == "" {
		if v, ok := versionInMemory(w.mem); ok {
			w.version, w.versionFrom = v, "build info in memory"
		} else if v, ok := w.versionAmongVariables(); ok {
			w.version, w.versionFrom = v, "a variable in memory"
		}
	}
	minor := layout.Newest()
	if w.version == "" {
		w.versionFrom = "unknown"
		w.gap("Go version", "", "neither the executable nor the core states it; the layout of Go 1.%d is tried first", minor)
	} else if m, err := layout.ParseMinor(w.version); err == nil {
		minor = m
	} else {
		w.gap("Go version", "", "%v; the layout of Go 1.%d is tried first", err, minor)
	}
	w.layout, w.exact = w.lookupLayout(minor)
	if w.layout == nil {
		return fmt.Errorf("gostate: %w: no layouts for %s", ErrVersion, w.arch.Name)
	}
	w.exact = w.exact && w.version != ""
	return nil
}

// lookupLayout returns the layout for a minor version. The two systems that
// wasm is compiled for differ in one.
func (w *World) lookupLayout(minor int) (*layout.Layout, bool) {
	name := w.arch.Name
	if name == "wasm" && len(w.table.FuncNamed("runtime.handleEvent")) > 0 { // the page's events
		name = "wasm/js"
	}
	return layout.Lookup(minor, name)
}

// Version returns the version of the toolchain that built the program, as
// "go1.26.8", or "".
func (w *World) Version() string { return w.version }

// VersionFrom says where Version was read.
func (w *World) VersionFrom() string { return w.versionFrom }

// ExeFrom says how the executable was checked: "buildid", "contents", "headers"
// or "unchecked", as [core.Process.MatchesImage] has it; "" without an executable.
func (w *World) ExeFrom() string { return w.exeFrom }

// Layout returns the minor Go version whose layout is used, and whether it is
// that of the program rather than the nearest one known.
func (w *World) Layout() (minor int, exact bool) { return w.layout.Minor, w.exact }

// Bias returns the difference between an address in the process and the same
// address in the executable.
func (w *World) Bias() uint64 { return w.bias }

// Table returns the function table. Its PCs are those of the process less [World.Bias].
func (w *World) Table() *gotab.Table { return w.table }

// Exe returns the executable, or nil when the core alone had to do.
func (w *World) Exe() *objfile.File { return w.exe }

// Module returns the runtime's description of the program, in addresses of the
// process. It is zero when the core does not hold it.
func (w *World) Module() gotab.Module { return w.mod }

// Variables returns the bounds of the memory that the program's variables are in.
func (w *World) Variables() (lo, hi core.Addr) { return core.Addr(w.dataLo), core.Addr(w.dataHi) }

// Offsets returns where the runtime of this program keeps its fields.
func (w *World) Offsets() *layout.Layout { return w.layout }

// FuncAt returns the Go function that pc, an address in the process, lies in,
// and what pc is called in the function table.
func (w *World) FuncAt(pc core.Addr) (f gotab.Func, at gotab.PC, ok bool) {
	if uint64(pc) < w.bias {
		return gotab.Func{}, 0, false
	}
	at = gotab.PC(uint64(pc) - w.bias)
	f, ok = w.table.FuncAt(at)
	return f, at, ok
}

// Process returns the process that the World was opened on.
func (w *World) Process() *core.Process { return w.proc }

// Gaps lists what could not be read. It does not repeat the process's own gaps.
func (w *World) Gaps() []evidence.Gap { return w.gaps }

func (w *World) gap(what, where, format string, args ...any) {
	w.gaps = append(w.gaps, evidence.Gap{What: what, Where: where, Why: fmt.Sprintf(format, args...)})
}
