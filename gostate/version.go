package gostate

import (
	"bytes"
	"encoding/binary"
	"regexp"

	"moho/core"
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

// aVersion is all that a toolchain calls itself.
var aVersion = regexp.MustCompile(`^(devel )?go1\.[0-9]{1,3}(\.[0-9]{1,3}|rc[0-9]{1,2}|beta[0-9]|-[0-9a-f]+)?( [ -~]*)?$`)

// maxVersion bounds the length of a version.
const maxVersion = 64

// versionAmongVariables finds runtime.buildVersion where there is no build info
// block, as in WASM: a string among the program's variables that is a version. It
// reports false when there are several that differ.
func (w *World) versionAmongVariables() (string, bool) {
	at := view{mem: w.mem}
	found := ""
	for a := (w.dataLo + 7) &^ 7; a+16 <= w.dataHi; {
		start, run, ok := w.mem.find(core.Addr(a))
		if !ok {
			a = w.nextRun(a)
			continue
		}
		run = run[a-uint64(start):]
		n := min(uint64(len(run)), w.dataHi-a) / 8
		for i := uint64(0); i+1 < n; i++ {
			size := binary.LittleEndian.Uint64(run[i*8+8:])
			if size < 5 || size > maxVersion {
				continue
			}
			text, ok := at.slice(core.Addr(binary.LittleEndian.Uint64(run[i*8:])), int(size))
			if !ok || text[0] != 'g' && text[0] != 'd' || !aVersion.Match(text) || found == string(text) {
				continue
			}
			if found != "" {
				return "", false
			}
			found = string(text)
		}
		a += max(8, n*8)
	}
	return found, found != ""
}
