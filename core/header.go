package core

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"moho/arch"
	"moho/core/internal/layout"
)

// header is what the file header says about the rest.
type header struct {
	phoff uint64
	phnum uint64
	end   uint64 // of the section headers, 0 if there are none
}

// formats are recognised only to say what they are.
var formats = []struct{ magic, what, hint string }{
	{"\x1f\x8b", "compressed with gzip", "decompress it first: gunzip -k FILE"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd", "decompress it first: zstd -dk FILE"},
	{"\xfd7zXZ\x00", "compressed with xz", "decompress it first: xz -dk FILE"},
	{"\x04\x22\x4d\x18", "compressed with lz4", "decompress it first: lz4 -dk FILE"},
	{"BZh", "compressed with bzip2", "decompress it first: bunzip2 -k FILE"},
	{"PK\x03\x04", "a zip archive", "unpack it first"},
	{"MDMP", "a Windows minidump", "only ELF cores of Linux are read"},
	{"\xcf\xfa\xed\xfe", "a Mach-O file", "only ELF cores of Linux are read"},
	{"\x00asm", "a WebAssembly module, not a snapshot of a process", ""},
	{"KDUMP   ", "a kernel crash dump, not the core of a process", ""},
	{"#!", "a script, not a core", ""},
}

// readHeader checks the file header and returns the architecture.
func readHeader(name string, data []byte) (header, *arch.Arch, error) {
	fail := func(off int64, hint, format string, args ...any) (header, *arch.Arch, error) {
		return header{}, nil, &FormatError{Name: name, Off: off, What: fmt.Sprintf(format, args...), Hint: hint}
	}
	if len(data) == 0 {
		return fail(-1, "the disk was full, or a size limit cut it: see ulimit -c", "the file is empty")
	}
	if !bytes.HasPrefix(data, []byte("\x7fELF")) {
		for _, f := range formats {
			if bytes.HasPrefix(data, []byte(f.magic)) {
				return fail(-1, f.hint, "the file is %s", f.what)
			}
		}
		if isText(data) {
			return fail(-1, "", "the file is text, not a core")
		}
		return fail(0, "", "the file is not ELF: it starts with % x", data[:min(4, len(data))])
	}
	if len(data) < layout.EhdrSize {
		return fail(-1, "", "the file is truncated: %d bytes, an ELF header has %d", len(data), layout.EhdrSize)
	}
	if data[4] == 1 {
		return fail(4, "only 64-bit cores are read", "the file is 32-bit ELF")
	}
	if data[4] != 2 {
		return fail(4, "", "ELF class is %d, want 2 (64-bit)", data[4])
	}
	if data[5] == 2 {
		return fail(5, "only little-endian cores are read", "the file is big-endian ELF")
	}
	if data[5] != 1 {
		return fail(5, "", "ELF byte order is %d, want 1 (little-endian)", data[5])
	}
	if data[6] != 1 {
		return fail(6, "", "ELF version is %d, want 1", data[6])
	}
	switch t := le16(data[layout.EhType:]); t {
	case layout.TypeCore:
	case layout.TypeExec, layout.TypeDyn:
		return fail(layout.EhType, "give the core file first, then the executable",
			"this is an executable or a shared library, not a core")
	case layout.TypeRel:
		return fail(layout.EhType, "", "this is an object file, not a core")
	default:
		return fail(layout.EhType, "", "ELF type is %d, want %d (core)", t, layout.TypeCore)
	}
	var a *arch.Arch
	switch m := le16(data[layout.EhMachine:]); m {
	case layout.MachineAMD64:
		a = arch.AMD64
	case layout.MachineARM64:
		a = arch.ARM64
	default:
		return fail(layout.EhMachine, "cores of amd64 and arm64 are read", "the core is of %s", machineName(m))
	}
	if n := le16(data[layout.EhPhentsize:]); n != layout.PhdrSize {
		return fail(layout.EhPhentsize, "", "a program header has %d bytes, want %d", n, layout.PhdrSize)
	}
	h := header{
		phoff: le64(data[layout.EhPhoff:]),
		phnum: uint64(le16(data[layout.EhPhnum:])),
	}
	if h.phoff < layout.EhdrSize || h.phoff > 1<<62 {
		return fail(layout.EhPhoff, "", "the program headers are at %#x, inside the file header or beyond any file", h.phoff)
	}
	shoff, shnum := le64(data[layout.EhShoff:]), le16(data[layout.EhShnum:])
	if shnum > 0 && shoff < 1<<62 {
		h.end = shoff + uint64(shnum)*layout.ShdrSize
	}
	if h.phnum == layout.PNXNum {
		h.phnum = extendedCount(data, shoff, h.phoff)
	}
	if h.phnum == 0 {
		return fail(layout.EhPhnum, "", "there are no program headers")
	}
	if uint64(len(data)) < h.phoff+layout.PhdrSize {
		return fail(-1, "", "the file is truncated: it ends at byte %d, before its program headers at %d", len(data), h.phoff)
	}
	return h, a, nil
}

// extendedCount returns the number of program headers of a file with more than
// 65534 of them. It stands in the first section header, which the kernel writes
// at the very end, so a truncated file has lost it; there the notes tell, which
// the kernel writes right behind the program headers.
func extendedCount(data []byte, shoff, phoff uint64) uint64 {
	size := uint64(len(data))
	if shoff >= layout.EhdrSize && shoff < size && size-shoff >= layout.ShdrSize {
		return uint64(le32(data[shoff+layout.ShInfo:]))
	}
	if phoff < size && size-phoff >= layout.PhdrSize {
		first := data[phoff:]
		off := le64(first[8:])
		if le32(first) == layout.PTNote && off > phoff {
			return (off - phoff) / layout.PhdrSize
		}
	}
	return layout.PNXNum
}

// machineName names machines that people meet; the number names the rest.
func machineName(m uint16) string {
	names := map[uint16]string{
		3: "386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 243: "riscv64", 258: "loong64",
	}
	if n, ok := names[m]; ok {
		return fmt.Sprintf("%s (ELF machine %d)", n, m)
	}
	return fmt.Sprintf("ELF machine %d", m)
}

// isText reports whether the file begins like something a person wrote.
func isText(data []byte) bool {
	head := data[:min(512, len(data))]
	if len(head) == 512 {
		for range utf8.UTFMax - 1 { // do not judge a rune cut in two
			if !utf8.Valid(head) {
				head = head[:len(head)-1]
			}
		}
	}
	return utf8.Valid(head) && !bytes.ContainsAny(head, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f")
}
