package objfile

import (
	"encoding/binary"
	"fmt"
	"slices"

	"moho/arch"
	"moho/internal/bounded"
)

const elfMagic = "\x7fELF"

// identify tells the format by its magic and decodes as much as is read of it.
func (f *File) identify() error {
	head := make([]byte, 16)
	n := copy(head, f.data)
	switch be := binary.BigEndian.Uint32(head); {
	case n >= 4 && string(head[:4]) == elfMagic:
		return f.readELF()
	case n >= 4 && slices.Contains([]uint32{0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe}, be):
		return f.identMachO()
	case n >= 4 && string(head[:4]) == "\x00asm":
		return f.identWASM()
	case n >= 2 && string(head[:2]) == "MZ":
		return f.identPE()
	case n >= 2 && string(head[:2]) == "\x01\xf7":
		f.format, f.machine, f.os, f.order, f.ptrSize = "xcoff", "ppc64", "aix", binary.BigEndian, 8
		return nil
	case n >= 4 && plan9Machines[be] != "":
		f.format, f.machine, f.os, f.order = "plan9", plan9Machines[be], "plan9", binary.BigEndian
		f.arch = arch.ByName(f.machine)
		return nil
	case n == 0:
		return formatErr("file", 0, "empty")
	}
	return formatErr("file", 0, "begins with % x, which is no executable format known here", head[:min(n, 8)])
}

// Source: $GOROOT/src/debug/plan9obj/plan9obj.go, go1.26.
var plan9Machines = map[uint32]string{0x1eb: "386", 0x8a97: "amd64", 0x647: "arm"}

// identMachO reads the header and looks for the platform among the load
// commands.
//
// Source: $GOROOT/src/debug/macho/macho.go, go1.26; <mach-o/loader.h>.
func (f *File) identMachO() error {
	var order binary.ByteOrder = binary.BigEndian
	magic := order.Uint32(f.data)
	if magic == 0xcefaedfe || magic == 0xcffaedfe {
		order = binary.LittleEndian
		magic = order.Uint32(f.data)
	}
	f.format, f.order, f.ptrSize = "macho", order, 4
	if magic == 0xfeedfacf {
		f.ptrSize = 8
	}
	c := bounded.NewCursor(f.data, order)
	c.Skip(4)
	cpu := c.U32()
	c.Skip(8) // cpusubtype, filetype
	ncmd := c.U32()
	c.Skip(8) // sizeofcmds, flags
	if f.ptrSize == 8 {
		c.Skip(4) // reserved
	}
	switch cpu {
	case 7:
		f.machine = "386"
	case 7 | 1<<24:
		f.machine = "amd64"
	case 12:
		f.machine = "arm"
	case 12 | 1<<24:
		f.machine = "arm64"
	default:
		f.machine = fmt.Sprintf("unknown(%#x)", cpu)
	}
	f.arch = arch.ByName(f.machine)
	for i := uint32(0); i < ncmd && c.Err() == nil; i++ {
		cmd, size := c.U32(), c.U32()
		if size < 8 {
			return formatErr("macho", Off(c.Off()), "load command %d: cmdsize is %d, want at least 8", i, size)
		}
		body := c.Bytes(uint64(size) - 8)
		switch {
		case cmd == 0x32 && len(body) >= 4: // LC_BUILD_VERSION
			f.os = map[uint32]string{1: "darwin", 2: "ios", 7: "ios"}[order.Uint32(body)]
		case cmd == 0x24: // LC_VERSION_MIN_MACOSX
			f.os = "darwin"
		case cmd == 0x25: // LC_VERSION_MIN_IPHONEOS
			f.os = "ios"
		}
	}
	if c.Err() != nil {
		return formatErr("macho", Off(c.Off()), "%d load commands do not fit the file: %v", ncmd, c.Err())
	}
	return nil
}

// identPE follows e_lfanew to the machine field.
//
// Source: Microsoft, "PE Format".
func (f *File) identPE() error {
	le := binary.LittleEndian
	at, ok := bounded.Sub(f.data, 0x3c, 4)
	if !ok {
		return formatErr("pe", 0x3c, "file of %d bytes ends before e_lfanew", len(f.data))
	}
	hdr, ok := bounded.Sub(f.data, uint64(le.Uint32(at)), 24)
	if !ok || string(hdr[:4]) != "PE\x00\x00" {
		return formatErr("pe", 0x3c, "e_lfanew is %#x, where the file of %d bytes has no PE signature", le.Uint32(at), len(f.data))
	}
	f.format, f.os, f.order, f.ptrSize = "pe", "windows", le, 8
	switch m := le.Uint16(hdr[4:]); m {
	case 0x14c:
		f.machine, f.ptrSize = "386", 4
	case 0x1c4:
		f.machine, f.ptrSize = "arm", 4
	case 0x8664:
		f.machine = "amd64"
	case 0xaa64:
		f.machine = "arm64"
	default:
		f.machine = fmt.Sprintf("unknown(%#x)", m)
	}
	f.arch = arch.ByName(f.machine)
	return nil
}

// identWASM tells the host that a module wants by the names of its imports.
//
// Source: WebAssembly core specification 2.0, "Binary Format";
// $GOROOT/src/cmd/link/internal/wasm/asm.go, go1.26.
func (f *File) identWASM() error {
	c := bounded.NewCursor(f.data, binary.LittleEndian)
	c.Skip(4)
	if v := c.U32(); c.Err() != nil || v != 1 {
		return formatErr("wasm", 4, "version is %d, want 1", v)
	}
	f.format, f.machine, f.order, f.ptrSize = "wasm", "wasm", binary.LittleEndian, 8
	f.arch = arch.ByName(f.machine)
	for c.Len() > 0 {
		id, size := c.U8(), c.Uvarint()
		at := c.Off()
		body := c.Bytes(size)
		if c.Err() != nil {
			return formatErr("wasm", Off(at), "section %d: size %d exceeds the file of %d bytes", id, size, len(f.data))
		}
		if id == 2 && f.os == "" {
			f.os = wasmOS(body)
		}
	}
	return nil
}

// wasmOS looks at the module name of the first import. All that a Go program
// imports without a go:wasmimport of its own comes from one module.
func wasmOS(imports []byte) string {
	c := bounded.NewCursor(imports, binary.LittleEndian)
	if c.Uvarint() == 0 {
		return ""
	}
	switch string(c.Bytes(c.Uvarint())) {
	case "gojs", "go":
		return "js"
	case "wasi_snapshot_preview1":
		return "wasip1"
	}
	return ""
}
