package objfile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"moho/arch"
	"moho/internal/bounded"
	"moho/objfile/wasmbin"
)

// A wasmFile is a module, and what Go's linker puts into custom sections of it.
type wasmFile struct {
	m *wasmbin.Module

	buildID   string
	goVersion string

	memory func() ([]byte, error)
	names  func() []wasmbin.Name
}

// A WASMType is the type of a function, value types as the format encodes them:
// one byte for each, but for references to a type, which take more. They alias
// the file.
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
	WASMTag // of exceptions
)

// String returns "function" for WASMFunction.
func (k WASMKind) String() string {
	if k > WASMTag {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return [...]string{"function", "table", "memory", "global", "tag"}[k]
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

// wasmSectionNames are those of the sections that the format defines.
var wasmSectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "datacount", "tag",
}

// readWASM decodes a module and checks all of it but the types of operands.
//
// Source: WebAssembly core specification 3.0, "Binary Format";
// $GOROOT/src/cmd/link/internal/wasm/asm.go, go1.26.
func (f *File) readWASM() error {
	f.format, f.machine, f.order, f.ptrSize = "wasm", "wasm", binary.LittleEndian, 8
	f.arch = arch.ByName(f.machine)
	m, err := wasmbin.Parse(f.data)
	if err != nil {
		return wasmErr(err)
	}
	w := &wasmFile{m: m}
	for i, s := range m.Sections() {
		sec := Section{
			Name: s.Name, Off: Off(s.Off), Size: uint64(s.Len), FileSize: uint64(s.Len),
			Exec: s.ID == wasmbin.SecCode, Type: wasmSectionNames[s.ID], index: i,
		}
		if s.ID == wasmbin.SecCustom {
			w.custom(s.Name, m.Contents(s))
		} else {
			sec.Name = sec.Type
		}
		f.sections = append(f.sections, sec)
	}
	f.os = w.host()
	w.memory = sync.OnceValues(w.buildMemory)
	w.names = sync.OnceValue(func() []wasmbin.Name {
		names, _ := m.FuncNames() // a malformed list is none: names are for people
		return names
	})
	f.wasm, f.full, f.kind = w, true, "module"
	if end := m.Extent().Hi; end > 0 {
		size := uint64(0)
		if mem := m.Memory(); mem != nil {
			size = uint64(mem.Min) * wasmbin.PageSize
		}
		f.segments = []Segment{{FileSize: end, MemSize: max(end, size), Read: true, Write: true}}
	}
	return nil
}

// wasmErr gives an error about a module the shape that those of other formats have.
func wasmErr(err error) error {
	if e := (*wasmbin.Error)(nil); errors.As(err, &e) {
		return formatErr("wasm", Off(e.Off), "%s", e.What)
	}
	return err
}

// custom takes what is needed of a custom section. Their contents never make a
// module malformed.
func (w *wasmFile) custom(name string, contents []byte) {
	switch name {
	case "producers":
		if v := wasmProducer(contents); v != "" {
			w.goVersion = v
		}
	case "go:buildid":
		id := bytes.TrimSuffix(bytes.TrimPrefix(contents, []byte(textIDStart)), []byte(textIDEnd))
		if len(id) < len(contents) && len(id) <= 1024 {
			w.buildID = string(id)
		}
	}
}

// host tells the host that a module wants by the module of its first import.
// All that a Go program imports without a go:wasmimport of its own comes from one.
func (w *wasmFile) host() (os string) {
	w.m.Imports(func(imp wasmbin.Import) bool {
		switch imp.Module {
		case "gojs", "go":
			os = "js"
		case "wasi_snapshot_preview1":
			os = "wasip1"
		}
		return false
	})
	return os
}

// WASM returns the module of a WASM file with all that it declares, nil for
// other formats.
func (f *File) WASM() *wasmbin.Module {
	if f.wasm == nil {
		return nil
	}
	return f.wasm.m
}

// WASMImports returns the imports of a WASM module in file order, nil for other
// formats.
func (f *File) WASMImports() (out []WASMImport) {
	if f.wasm != nil {
		for imp := range f.wasm.m.Imports {
			out = append(out, WASMImport{imp.Module, imp.Name, WASMKind(imp.Kind), uint32(imp.TypeIndex)})
		}
	}
	return out
}

// WASMExports returns the exports of a WASM module in file order, nil for other
// formats.
func (f *File) WASMExports() (out []WASMExport) {
	if f.wasm != nil {
		for e := range f.wasm.m.Exports {
			out = append(out, WASMExport{e.Name, WASMKind(e.Kind), uint32(e.Index)})
		}
	}
	return out
}

// WASMNumImports returns how many functions a WASM module imports; they come
// first in the index space of functions.
func (f *File) WASMNumImports() int {
	if f.wasm == nil {
		return 0
	}
	return f.wasm.m.Imported(wasmbin.KindFunc)
}

// WASMNumFuncs returns how many functions a WASM module defines.
func (f *File) WASMNumFuncs() int {
	if f.wasm == nil {
		return 0
	}
	return f.wasm.m.NumFuncs() - f.WASMNumImports()
}

// WASMFunc returns the function with that index, which counts imported ones; not
// ok if the module does not define it.
func (f *File) WASMFunc(index uint32) (WASMFunc, bool) {
	if f.wasm == nil || int64(index) < int64(f.WASMNumImports()) || int64(index) >= int64(f.wasm.m.NumFuncs()) {
		return WASMFunc{}, false
	}
	m := f.wasm.m
	off, body := m.Body(int(index))
	params, results := m.Signature(int(m.Func(int(index)).Type))
	return WASMFunc{Index: index, Type: WASMType{params, results}, Off: Off(off), Len: len(body), Name: f.WASMFuncName(index)}, true
}

// WASMBody returns the body of fn, which begins with its locals. It aliases the
// file.
func (f *File) WASMBody(fn WASMFunc) []byte {
	if fn.Off < 0 || fn.Len < 0 {
		return nil
	}
	b, _ := bounded.Sub(f.data, uint64(fn.Off), uint64(fn.Len))
	return b
}

// WASMFuncName returns the name that the name section gives to a function,
// imported ones included, or "".
func (f *File) WASMFuncName(index uint32) string {
	if f.wasm == nil {
		return ""
	}
	names := f.wasm.names()
	i, ok := slices.BinarySearchFunc(names, int(index), func(n wasmbin.Name, i int) int { return cmp.Compare(n.Index, i) })
	if !ok {
		return ""
	}
	return names[i].Name
}
