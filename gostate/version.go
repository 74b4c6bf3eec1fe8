package gostate

import (
	"bytes"
	"encoding/binary"
)

// buildInfoMagic starts the block that the linker writes into the data segment
// of every program, 16-aligned; so a core has it even when it has no text.
//
// Source: $GOROOT/src/debug/buildinfo/buildinfo.go, go1.26.
var buildInfoMagic = []byte("\xff Go buildinf:")

// versionInMemory finds the version in a build info block of the form that
// Go 1.18 and later write: a flag for inline strings, then a length and the text.
func versionInMemory(m *memory) (string, bool) {
	const header = 32
	for _, run := range m.runs {
		for off := 0; ; {
			i := bytes.Index(run[off:], buildInfoMagic)
			if i < 0 {
				break
			}
			off += i
			b := run[off:]
			off += len(buildInfoMagic)
			if len(b) < header || b[15]&2 == 0 {
				continue
			}
			n, size := binary.Uvarint(b[header:])
			if size <= 0 || n == 0 || n > 256 || n > uint64(len(b)-header-size) {
				continue
			}
			v := string(b[header+size:][:n])
			if bytes.Contains([]byte(v), []byte("go1.")) {
				return v, true
			}
		}
	}
	return "", false
}
