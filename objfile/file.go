package objfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"sync"

	"moho/arch"
	"moho/evidence"
	"moho/internal/bounded"
)

// Addr is a link-time address as the file states it; in a WASM module, an
// offset in linear memory.
type Addr uint64

// Off is an offset in the file, in bytes.
type Off int64

// A Section is a named range of the file. Size is what it is in memory, or
// after decompression; FileSize is what it takes up in the file, 0 for one that
// is all zeros. Names are those of the format: ".text", "__text", "code".
type Section struct {
	Name     string
	Segment  string // Mach-O: that the section is in, such as "__TEXT"
	Addr     Addr
	Off      Off
	Size     uint64
	FileSize uint64
	Alloc    bool
	Write    bool
	Exec     bool
	Type     string // "progbits", "nobits", "note", "symtab", …

	index      int
	compressed compression
}

// A Segment is a range of the file that is mapped when the program starts.
type Segment struct {
	Name     string // Mach-O and PE only
	Addr     Addr
	Off      Off
	FileSize uint64
	MemSize  uint64
	Read     bool
	Write    bool
	Exec     bool
}

// A File is one executable. Its methods may be called concurrently.
type File struct {
	name    string
	data    []byte
	release func() error

	format  string
	machine string
	os      string
	elfType string
	kind    string
	base    Off // of data in a universal file
	arch    *arch.Arch
	order   binary.ByteOrder
	ptrSize int
	entry   Addr

	sections []Section
	segments []Segment // sorted by address, not overlapping

	full  bool // the format is decoded, not only identified
	elf   *elfFile
	macho *machoFile
	pe    *peFile
	wasm  *wasmFile

	relocs func() (relocTable, error)
	ids    func() evidence.BuildID
}

// Open maps the file at path, or reads it where mapping is not possible, and
// decodes its headers. It refuses anything but a regular file, and returns an
// error that wraps ErrFormat for contents that are no executable.
func Open(path string) (*File, error) { return OpenArch(path, "") }

// OpenArch is Open for a file that may have slices for several architectures
// (a universal Mach-O file): goarch chooses one, "" takes the only one that can
// be read. The error wraps ErrArch when there is no such slice, or several, or
// when a file of one architecture is for another.
//
// What is opened is the slice: its size is that of the File, and offsets count
// from its beginning, but for those in errors, which are of the whole file.
func OpenArch(path, goarch string) (*File, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // opening a FIFO or a device could block or act
		return nil, fmt.Errorf("%s: not a regular file: %w", path, ErrFormat)
	}
	fd, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer fd.Close()
	return openFile(fd, goarch)
}

// OpenFile is [Open] for a file that is open already, for callers that have
// checked what they hold and must not look its name up a second time. The File
// does not need fd afterwards.
func OpenFile(fd *os.File) (*File, error) { return openFile(fd, "") }

func openFile(fd *os.File, goarch string) (*File, error) {
	path := fd.Name()
	data, release, err := mapFile(fd)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f, err := NewBytesArch(path, data, goarch)
	if err != nil {
		release()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.release = release
	return f, nil
}

// NewBytes decodes an executable that is already in memory. data is kept and
// must not change. name is what Name returns.
func NewBytes(name string, data []byte) (*File, error) {
	return NewBytesArch(name, data, "")
}

// NewBytesArch is NewBytes for a file that may have slices for several
// architectures, of which goarch is taken; see [OpenArch].
func NewBytesArch(name string, data []byte, goarch string) (*File, error) {
	f := &File{name: name, data: data}
	f.relocs = sync.OnceValues(f.readRelocs)
	f.ids = sync.OnceValue(f.readBuildIDs)
	if err := f.identify(goarch); err != nil {
		return nil, err
	}
	return f, nil
}

// Close releases the mapping; slices that came from File are invalid after it.
func (f *File) Close() error {
	if f.release == nil {
		return nil
	}
	release := f.release
	f.release, f.data = nil, nil
	return release()
}

// Forget says that what was read so far need not stay in memory. Slices that
// came from File stay valid: the system reads the file again where it has to.
// Callers that walk over a whole large file call it from time to time.
func (f *File) Forget() {
	if f.release != nil && len(f.data) > 0 {
		forget(f.data)
	}
}

// Name returns the path that File was opened with.
func (f *File) Name() string { return f.name }

// Format returns "elf", "macho", "pe", "wasm", "xcoff" or "plan9".
func (f *File) Format() string { return f.format }

// Arch returns the description of the machine, or nil when package arch has
// none; Machine still names it then.
func (f *File) Arch() *arch.Arch { return f.arch }

// Machine returns the machine as GOARCH spells it, or "unknown(0x…)" with the
// number in the header.
func (f *File) Machine() string { return f.machine }

// OS returns the operating system as GOOS spells it where the file states it,
// and "" where it does not. What Go's own linker makes for linux, dragonfly,
// solaris and illumos does not; its build info does.
func (f *File) OS() string { return f.os }

// Kind returns what the header says that the file is: "exe"; "pie", an
// executable whose address the loader may choose; "shared", "object", "core";
// "module" (WASM); "bundle", "debug", "loader" or "kext" (Mach-O); "" where the
// format is not read that far. An ELF file of type DYN is "pie" if it has an
// interpreter and "shared" if not, though it may be a static program.
func (f *File) Kind() string {
	switch f.elfType {
	case "EXEC":
		return "exe"
	case "REL":
		return "object"
	case "CORE":
		return "core"
	case "DYN":
		if f.Interpreter() != "" {
			return "pie"
		}
		return "shared"
	}
	return f.kind
}

// ELFType returns "EXEC", "DYN", "REL", "CORE", or "" for other formats.
func (f *File) ELFType() string { return f.elfType }

// Size returns the length of the file in bytes.
func (f *File) Size() int64 { return int64(len(f.data)) }

// Entry returns the address at which execution starts, 0 if there is none.
func (f *File) Entry() Addr { return f.entry }

// PtrSize returns the bytes in a pointer, 0 where the format does not say.
func (f *File) PtrSize() int { return f.ptrSize }

// Sections returns all sections in file order. A file may have none.
func (f *File) Sections() []Section { return slices.Clone(f.sections) }

// Section returns the first section with that name. Where two Mach-O sections
// have one name, that of the segment tells them apart: "__TEXT,__const".
func (f *File) Section(name string) (Section, bool) {
	for _, s := range f.sections {
		if s.Name == name || s.Segment != "" && len(name) == len(s.Segment)+1+len(s.Name) && name == s.Segment+","+s.Name {
			return s, true
		}
	}
	return Section{}, false
}

// Segments returns the segments that are mapped at start, by address.
func (f *File) Segments() []Segment { return slices.Clone(f.segments) }

// ReadAt reads from the file itself; it is an io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("%s: read at offset %d", f.name, off)
	}
	if off >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// segment returns the segment that holds a.
func (f *File) segment(a Addr) (Segment, bool) {
	i := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].Addr > a }) - 1
	if i < 0 || uint64(a-f.segments[i].Addr) >= f.segments[i].MemSize {
		return Segment{}, false
	}
	return f.segments[i], true
}

// Slice returns the n bytes that the file holds for the link address a, not
// relocated. They alias the file: see the package comment. The error wraps
// ErrUnmapped when any of them is outside every segment or is zero-filled
// memory that the file does not store, and ErrFormat when the format is one
// that is only identified.
func (f *File) Slice(a Addr, n int) ([]byte, error) {
	if err := f.readable(); err != nil {
		return nil, err
	}
	from, err := f.content()
	if err != nil {
		return nil, err
	}
	seg, ok := f.segment(a)
	if !ok || n < 0 {
		return nil, fmt.Errorf("%s: %d bytes at address %#x: %w", f.format, n, uint64(a), ErrUnmapped)
	}
	off := uint64(a - seg.Addr)
	if !bounded.Within(off, uint64(n), seg.FileSize) {
		return nil, fmt.Errorf("%s: %d bytes at address %#x, of which the file holds %d: %w",
			f.format, n, uint64(a), seg.FileSize-min(off, seg.FileSize), ErrUnmapped)
	}
	b, ok := bounded.Sub(from, uint64(seg.Off)+off, uint64(n))
	if !ok {
		return nil, fmt.Errorf("%s: %d bytes at address %#x, beyond the end of the file: %w", f.format, n, uint64(a), ErrUnmapped)
	}
	return b, nil
}

// Word returns the pointer-sized word at link address a as the program would
// find it when loaded at its link address: RELATIVE relocations, which position
// independent programs have in place of pointers, are applied. Errors are those
// of Slice, or say why the relocations can't be read.
func (f *File) Word(a Addr) (uint64, error) {
	b, err := f.Slice(a, max(f.ptrSize, 1))
	if err != nil {
		return 0, err
	}
	if f.macho != nil && f.macho.chained {
		return 0, errChained()
	}
	rel, err := f.relocs()
	if err != nil {
		return 0, err
	}
	if v, ok := rel.addend(a); ok {
		return v, nil
	}
	if f.ptrSize == 4 {
		return uint64(f.order.Uint32(b)), nil
	}
	return f.order.Uint64(b), nil
}

// content returns what offsets of segments count in: the file, or the memory
// that a WASM module describes.
func (f *File) content() ([]byte, error) {
	if f.wasm != nil {
		return f.wasm.memory()
	}
	return f.data, nil
}

// readable says whether more than the identity of this file is decoded.
func (f *File) readable() error {
	if !f.full {
		return formatErr(f.format, -1, "contents of this format are not read yet")
	}
	return nil
}
