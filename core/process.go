package core

import (
	"fmt"
	"io"
	"os"

	"moho/arch"
	"moho/evidence"
)

// Addr is an address in the memory of the process.
type Addr uint64

// A Region is a piece of the address space that the core describes.
//
// FileSize is how many bytes of it, from its start, the core holds; it is less
// than Size when the rest was left out or the file is truncated. File and
// FileOff name what was mapped there, when the core says so.
type Region struct {
	Addr     Addr
	Size     uint64
	FileSize uint64
	Read     bool
	Write    bool
	Exec     bool
	File     string
	FileOff  int64
}

// A Range is Size bytes of memory from Addr on.
type Range struct {
	Addr Addr
	Size uint64
}

// End returns the first address after the region.
func (r Region) End() Addr { return r.Addr + Addr(r.Size) }

// A Mapping is a file that the process had mapped: bytes from Off of File at
// [Start, End). File is a claim of the core and must not be opened unasked.
type Mapping struct {
	Start, End Addr
	Off        int64
	File       string
}

// A Thread is one thread as the core shows it.
//
// Regs are the general registers in the order of arch.Registers. FP is the
// floating-point register set in the kernel's layout and XState the extended
// one (amd64); either may be nil. Signal is pr_cursig, which the kernel sets
// for all threads alike.
type Thread struct {
	TID    int
	Regs   []uint64
	FP     []byte
	XState []byte
	Signal int

	// Trap is the instruction that the engine of a WebAssembly instance would
	// not execute, as text, and why if that is certain.
	Trap string
}

// Reg returns the register that has role r on architecture a.
func (t Thread) Reg(a *arch.Arch, r arch.Role) (uint64, bool) {
	if a == nil {
		return 0, false
	}
	i := a.Index(r)
	if i < 0 || i >= len(t.Regs) {
		return 0, false
	}
	return t.Regs[i], true
}

// A Process is a stopped process.
type Process struct {
	name    string
	kind    string
	data    []byte
	unmap   func() error
	arch    *arch.Arch
	own     memory // what the core holds
	mem     memory // the same and the images that were added
	regions []Region
	maps    []Mapping
	threads []Thread
	auxv    map[uint64]uint64
	pid     int
	fname   string
	psargs  string
	siginfo []byte
	gaps    []evidence.Gap
	missing int64 // bytes that the headers promise beyond the end of the file
	want    int64 // size of the complete file, as the headers state it

	id    evidence.BuildID // where no ELF header says it
	image Image            // of executables that are not ELF
}

// Open maps the core in the named file and reads its headers and notes.
//
// The error wraps [ErrFormat] when the file is not a core that this package
// reads; anything less is listed by [Process.Gaps].
func Open(path string) (*Process, error) {
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	p, err := open(path, data)
	if err != nil {
		if unmap != nil {
			unmap()
		}
		return nil, err
	}
	p.unmap = unmap
	return p, nil
}

// OpenFile is [Open] for a regular file that is open already, such as one that
// has no name. The file may be closed afterwards.
func OpenFile(name string, f *os.File) (*Process, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	if err := addressable(f, st.Size()); err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	data, unmap, err := mapOpen(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	p, err := open(name, data)
	if err != nil {
		if unmap != nil {
			unmap()
		}
		return nil, err
	}
	p.unmap = unmap
	return p, nil
}

// NewBytes is [Open] for a core that is in memory. The process refers to data,
// which must not change.
func NewBytes(name string, data []byte) (*Process, error) { return open(name, data) }

// Close releases the file. Slices that were handed out must not be used after it.
func (p *Process) Close() error {
	unmap := p.unmap
	p.unmap, p.data, p.own, p.mem = nil, nil, memory{}, memory{}
	if unmap == nil {
		return nil
	}
	return unmap()
}

// Name returns the name that the process was opened under.
func (p *Process) Name() string { return p.name }

// Kind says what the process was read from: "elf-core", or what [Assemble] was told.
func (p *Process) Kind() string { return p.kind }

// Arch returns the architecture of the process. It is never nil.
func (p *Process) Arch() *arch.Arch { return p.arch }

// Size returns the size of the file in bytes.
func (p *Process) Size() int64 { return int64(len(p.data)) }

// Threads returns the threads, the one that took the signal first. The caller
// must not change them.
func (p *Process) Threads() []Thread { return p.threads }

// Regions returns the address space as far as the core describes it, ordered
// by address, without overlap. The caller must not change it.
func (p *Process) Regions() []Region { return p.regions }

// Mappings returns the files that were mapped, ordered by address. It is empty
// for cores without NT_FILE (qemu-user). The caller must not change it.
func (p *Process) Mappings() []Mapping { return p.maps }

// Auxv returns the auxiliary vector: what the kernel told the program at its
// start, by AT_* number. The caller must not change it.
func (p *Process) Auxv() map[uint64]uint64 { return p.auxv }

// PID returns the process id in the namespace of whoever wrote the core, or 0.
func (p *Process) PID() int { return p.pid }

// Command returns the command line as the kernel kept it (79 bytes at most),
// or the name of the program when there is none.
func (p *Process) Command() string {
	if p.psargs != "" {
		return p.psargs
	}
	return p.fname
}

// Gaps lists what could not be read. It is nil for a core in order.
func (p *Process) Gaps() []evidence.Gap { return p.gaps }

// Truncated reports whether the file ends before what its headers promise.
func (p *Process) Truncated() bool { return p.missing > 0 }

// ReadAt reads from the file, not from the memory of the process; it makes a
// core an [io.ReaderAt], for digests.
func (p *Process) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(p.data)) {
		return 0, io.EOF
	}
	n := copy(b, p.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// maxGaps bounds the gaps of one kind: a hostile file has millions of them.
const maxGaps = 8

func (p *Process) gap(what, where, format string, args ...any) {
	same := 0
	for _, g := range p.gaps {
		if g.What == what {
			same++
		}
	}
	if same >= maxGaps {
		return
	}
	g := evidence.Gap{What: what, Where: where, Why: fmt.Sprintf(format, args...)}
	if same == maxGaps-1 {
		g.Why += "; there may be more of this kind"
	}
	p.gaps = append(p.gaps, g)
}
