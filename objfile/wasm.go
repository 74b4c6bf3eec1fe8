package objfile

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"moho/internal/bounded"
)

// The sentinels around the module text, which runtime/debug strips.
//
// Source: $GOROOT/src/cmd/go/internal/modload/build.go (infoStart, infoEnd), go1.26.
const (
	modInfoStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	modInfoEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// wasmSections calls yield with the number and contents of each section until
// it returns false. The sizes were checked when the file was opened.
func (f *File) wasmSections(yield func(id uint8, body []byte) bool) {
	c := bounded.NewCursor(f.data, binary.LittleEndian)
	c.Skip(8)
	for c.Len() > 0 && c.Err() == nil {
		id := c.U8()
		if body := c.Bytes(c.Uvarint()); c.Err() != nil || !yield(id, body) {
			return
		}
	}
}

// wasmBuildInfo finds the two strings of the build info. Go's linker leaves the
// record that other formats have out of WASM modules. The module text is among
// the data all the same, for the program's own use, and the version stands in
// the custom section "producers", which -s keeps.
//
// Source: $GOROOT/src/cmd/link/internal/wasm/asm.go (writeProducerSec), go1.26;
// WebAssembly tool conventions, "Producers Section".
func (f *File) wasmBuildInfo() (vers, mod string, err error) {
	var data []byte
	f.wasmSections(func(id uint8, body []byte) bool {
		switch {
		case id == 0 && vers == "":
			vers = wasmProducer(body)
		case id == 11:
			data = body
		}
		return true
	})
	if vers == "" {
		return "", "", fmt.Errorf("no producers section names Go: %w", ErrNoBuildInfo)
	}
	from := bytes.Index(data, []byte(modInfoStart))
	if from < 0 {
		return vers, "", nil // built without modules, or its data is packed
	}
	to := bytes.Index(data[from:], []byte(modInfoEnd))
	if to < 0 {
		return "", "", formatErr("wasm", -1, "module information has no end")
	}
	if err := bounded.Check("length of a build info string", uint64(to), MaxBuildInfo); err != nil {
		return "", "", err
	}
	return vers, string(data[from : from+to+len(modInfoEnd)]), nil
}

// wasmProducer returns the version of the language Go if body, of a custom
// section, is a producers section that names it.
func wasmProducer(body []byte) string {
	c := bounded.NewCursor(body, binary.LittleEndian)
	text := func() string { return string(c.Bytes(min(c.Uvarint(), MaxName))) }
	if text() != "producers" {
		return ""
	}
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
