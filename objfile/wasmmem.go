package objfile

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"moho/internal/bounded"
	"moho/objfile/wasmbin"
)

// MaxWASMMemory is how many bytes of linear memory are rebuilt beyond four
// times the length of the file; the data of a program is dense.
const MaxWASMMemory = 16 << 20

// buildMemory copies the data segments to where they belong; later ones
// overwrite earlier ones. Go's linker cuts the data at runs of zeros: tens of
// thousands of segments are normal.
func (w *wasmFile) buildMemory() ([]byte, error) {
	e := w.m.Extent()
	if err := bounded.Check("wasm: end of the data in linear memory", e.Hi, MaxWASMMemory+4*uint64(w.m.Size())); err != nil {
		return nil, err
	}
	if e.Unknown >= 0 {
		return nil, formatErr("wasm", -1, "data segment %d: offset is not a constant: known only when the module runs", e.Unknown)
	}
	// A host may give more memory than the module asks it for.
	if mem := w.m.Memory(); mem != nil && !mem.Imported && e.Hi > uint64(mem.Min)*wasmbin.PageSize {
		return nil, formatErr("wasm", -1, "data ends at %#x, but the memory has %d pages", e.Hi, mem.Min)
	}
	out := make([]byte, e.Hi)
	for d := range w.m.Data {
		if d.Mode == wasmbin.Active && len(d.Bytes) > 0 {
			copy(out[d.Offset.Bits:], d.Bytes)
		}
	}
	return out, nil
}

// The sentinels around the module text, which runtime/debug strips.
//
// Source: $GOROOT/src/cmd/go/internal/modload/build.go (infoStart, infoEnd), go1.26.
const (
	modInfoStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	modInfoEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// wasmBuildInfo finds the two strings of the build info. Go's linker leaves the
// record that other formats have out of WASM modules. The module text is among
// the data all the same, for the program's own use, and the version stands in
// the custom section "producers", which -s keeps.
//
// Source: $GOROOT/src/cmd/link/internal/wasm/asm.go (writeProducerSec), go1.26;
// WebAssembly tool conventions, "Producers Section".
func (f *File) wasmBuildInfo() (vers, mod string, err error) {
	if f.wasm.goVersion == "" {
		return "", "", fmt.Errorf("no producers section names Go: %w", ErrNoBuildInfo)
	}
	mem, err := f.wasm.memory()
	if err != nil {
		return "", "", err
	}
	mod, err = moduleText(mem)
	return f.wasm.goVersion, mod, err
}

// moduleText returns the module text between its sentinels, with them, or "" if
// mem has none: the program was built without modules.
func moduleText(mem []byte) (string, error) {
	from := bytes.Index(mem, []byte(modInfoStart))
	if from < 0 {
		return "", nil
	}
	to := bytes.Index(mem[from:], []byte(modInfoEnd))
	if to < 0 {
		return "", formatErr("wasm", -1, "module information has no end")
	}
	if err := bounded.Check("length of a build info string", uint64(to), MaxBuildInfo); err != nil {
		return "", err
	}
	return string(mem[from : from+to+len(modInfoEnd)]), nil
}

// wasmProducer returns the version of the language Go if b, the contents of a
// producers section, names it.
func wasmProducer(b []byte) string {
	c := bounded.NewCursor(b, binary.LittleEndian)
	text := func() string { return string(c.Bytes(min(c.Uvarint(), MaxName))) }
	for fields := c.Uvarint(); fields > 0 && c.Err() == nil; fields-- {
		field := text()
		for n := c.Uvarint(); n > 0 && c.Err() == nil; n-- {
			name, version := text(), text()
			if field == "language" && name == "Go" && c.Err() == nil {
				return version
			}
		}
	}
	return ""
}
