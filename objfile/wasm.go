package objfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"

	"moho/arch"
)

// A wasmFile is what the sections of a WASM module say.
type wasmFile struct {
	types    []WASMType
	imports  []WASMImport
	exports  []WASMExport
	funcs    []uint32        // types of functions: imported ones first
	nimport  int             // imported functions
	tables   []byte          // element types
	memMin   uint64          // pages
	memMax   uint64          // pages; the format's own bound if none is stated
	nmem     int             // memories, imported ones included
	globals  []wasmType      // types, imported ones first
	nglobal  int             // imported globals
	elems    []byte          // types of element segments
	declared map[uint32]bool // functions that references may be taken of
	bodies   []wasmBody
	data     []wasmData
	ndata    int64 // of the data count section, -1 without
	start    uint32

	buildID   string
	goVersion string
	nameSec   []byte
	nameAt    Off

	memory func() ([]byte, error)
	names  func() map[uint32]string
}

type wasmType struct {
	val byte
	mut bool
}

type wasmBody struct {
	off Off // of the locals
	len uint32
}

type wasmData struct {
	mem    uint64 // address, of an active segment with a constant offset
	off    Off
	len    uint32
	active bool
	known  bool // the offset is a constant
}

// A WASMType is the type of a function, value types as the format encodes them.
type WASMType struct{ Params, Results []byte }

// A WASMImport is one import; Type is the index of a function's type.
type WASMImport struct {
	Module, Name string
	Kind         WASMKind
	Type         uint32
}

// A WASMExport is one export: Index counts all things of Kind, imports first.
type WASMExport struct {
	Name  string
	Kind  WASMKind
	Index uint32
}

// WASMKind is what is imported or exported.
type WASMKind uint8

const (
	WASMFunction WASMKind = iota
	WASMTable
	WASMMemory
	WASMGlobal
)

// String returns "function" for WASMFunction.
func (k WASMKind) String() string {
	if k > WASMGlobal {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return [...]string{"function", "table", "memory", "global"}[k]
}

// A WASMFunc is one function that the module defines. Its body, locals first,
// lies at Off of the file. Index counts imported functions too.
type WASMFunc struct {
	Index uint32
	Type  WASMType
	Off   Off
	Len   int
	Name  string // of the name section, "" if there is none
}

var wasmSectionNames = []string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "datacount",
}

// wasmOrder is the place of each section in the order that the format demands:
// the data count comes before the code.
var wasmOrder = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10}

// readWASM decodes a module: everything but the instructions in the bodies.
//
// Source: WebAssembly core specification 2.0, "Binary Format";
// $GOROOT/src/cmd/link/internal/wasm/asm.go, go1.26.
func (f *File) readWASM() error {
	if len(f.data) < 8 || binary.LittleEndian.Uint32(f.data[4:]) != 1 {
		return formatErr("wasm", 4, "version is % x, want 01 00 00 00", f.data[4:min(8, len(f.data))])
	}
	f.format, f.machine, f.order, f.ptrSize = "wasm", "wasm", binary.LittleEndian, 8
	f.arch = arch.ByName(f.machine)
	w := &wasmFile{ndata: -1, declared: map[uint32]bool{}}
	r := &wasmReader{b: f.data, off: 8}
	last := 0
	for r.len() > 0 {
		at := r.here()
		id := r.u8("section id")
		body := r.bytes(r.u32("section size"), "section")
		if r.err != nil {
			return r.err
		}
		if int(id) >= len(wasmSectionNames) {
			return formatErr("wasm", at, "section id is %d, want at most %d", id, len(wasmSectionNames)-1)
		}
		if id != 0 {
			if wasmOrder[id] <= last {
				return formatErr("wasm", at, "section %s: unexpected here, or a second one", wasmSectionNames[id])
			}
			last = wasmOrder[id]
		}
		s := &wasmReader{b: body, at: r.here() - Off(len(body))}
		name := wasmSectionNames[id]
		if id == 0 {
			if name = s.name("name of a custom section"); s.err == nil {
				w.custom(name, s)
			}
		} else {
			w.section(id, s)
		}
		switch {
		case s.err != nil:
			return s.err
		case id != 0 && s.len() > 0:
			return formatErr("wasm", s.here(), "section %s: section size mismatch, %d bytes follow its contents", name, s.len())
		}
		f.sections = append(f.sections, Section{
			Name: name, Off: s.here() - Off(s.off), Size: uint64(len(body)), FileSize: uint64(len(body)),
			Exec: id == 10, Type: wasmSectionNames[id], index: len(f.sections),
		})
		if id == 0 { // the contents are what follows the name
			sec := &f.sections[len(f.sections)-1]
			sec.Off += Off(s.off)
			sec.Size, sec.FileSize = uint64(s.len()), uint64(s.len())
		}
	}
	if err := w.check(); err != nil {
		return err
	}
	f.os = w.host()
	w.memory = sync.OnceValues(func() ([]byte, error) { return w.buildMemory(f.data) })
	w.names = sync.OnceValue(w.readNames)
	f.wasm, f.full = w, true
	if end := w.memoryEnd(); end > 0 {
		f.segments = []Segment{{FileSize: end, MemSize: max(end, w.memMin<<16), Read: true, Write: true}}
	}
	return nil
}

// custom takes what is needed of a custom section. Their contents never make a
// module malformed.
func (w *wasmFile) custom(name string, s *wasmReader) {
	rest := s.b[s.off:]
	switch name {
	case "name":
		w.nameSec, w.nameAt = rest, s.here()
	case "producers":
		if v := wasmProducer(rest); v != "" {
			w.goVersion = v
		}
	case "go:buildid":
		id := bytes.TrimSuffix(bytes.TrimPrefix(rest, []byte(textIDStart)), []byte(textIDEnd))
		if len(id) < len(rest) && len(id) <= 1024 {
			w.buildID = string(id)
		}
	}
}

// host tells the host that a module wants by the module of its first import.
// All that a Go program imports without a go:wasmimport of its own comes from one.
func (w *wasmFile) host() string {
	if len(w.imports) == 0 {
		return ""
	}
	switch w.imports[0].Module {
	case "gojs", "go":
		return "js"
	case "wasi_snapshot_preview1":
		return "wasip1"
	}
	return ""
}

// WASMImports returns the imports of a WASM module in file order, nil for other
// formats.
func (f *File) WASMImports() []WASMImport {
	if f.wasm == nil {
		return nil
	}
	return append([]WASMImport(nil), f.wasm.imports...)
}

// WASMExports returns the exports of a WASM module in file order, nil for other
// formats.
func (f *File) WASMExports() []WASMExport {
	if f.wasm == nil {
		return nil
	}
	return append([]WASMExport(nil), f.wasm.exports...)
}

// WASMNumImports returns how many functions a WASM module imports; they come
// first in the index space of functions.
func (f *File) WASMNumImports() int {
	if f.wasm == nil {
		return 0
	}
	return f.wasm.nimport
}

// WASMNumFuncs returns how many functions a WASM module defines.
func (f *File) WASMNumFuncs() int {
	if f.wasm == nil {
		return 0
	}
	return len(f.wasm.bodies)
}

// WASMFunc returns the function with that index, which counts imported ones; not
// ok if the module does not define it.
func (f *File) WASMFunc(index uint32) (WASMFunc, bool) {
	w := f.wasm
	if w == nil || int64(index) < int64(w.nimport) || int64(index)-int64(w.nimport) >= int64(len(w.bodies)) {
		return WASMFunc{}, false
	}
	b := w.bodies[int(index)-w.nimport]
	return WASMFunc{Index: index, Type: w.types[w.funcs[index]], Off: b.off, Len: int(b.len), Name: w.names()[index]}, true
}

// WASMBody returns the body of fn, which begins with its locals. It aliases the
// file.
func (f *File) WASMBody(fn WASMFunc) []byte {
	if fn.Off < 0 || fn.Len < 0 || int64(fn.Off)+int64(fn.Len) > int64(len(f.data)) {
		return nil
	}
	return f.data[fn.Off : int(fn.Off)+fn.Len : int(fn.Off)+fn.Len]
}

// WASMFuncName returns the name that the name section gives to a function,
// imported ones included, or "".
func (f *File) WASMFuncName(index uint32) string {
	if f.wasm == nil {
		return ""
	}
	return f.wasm.names()[index]
}

// readNames decodes the function names. What is malformed ends the list: names
// are for people.
//
// Source: WebAssembly core specification 2.0, appendix "Custom Sections".
func (w *wasmFile) readNames() map[uint32]string {
	r := &wasmReader{b: w.nameSec, at: w.nameAt}
	out := map[uint32]string{}
	for r.len() > 0 && r.err == nil {
		id := r.u8("name subsection")
		sub := &wasmReader{b: r.bytes(r.u32("size of a name subsection"), "name subsection")}
		if id != 1 || r.err != nil {
			continue
		}
		for n := sub.count("names"); n > 0 && sub.err == nil; n-- {
			i, name := sub.u32("function index"), sub.name("function name")
			if sub.err == nil && int64(i) < int64(len(w.funcs)) {
				out[i] = name
			}
		}
	}
	return out
}
