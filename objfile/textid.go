package objfile

import (
	"bytes"
	"strconv"

	"moho/internal/bounded"
)

// maxTextID is how much of the text is searched for the Go build ID, which
// stands at its beginning.
const maxTextID = 64 << 10

const (
	textIDStart = "\xff Go build ID: \""
	textIDEnd   = "\"\n \xff"
)

// textBuildID returns the Go build ID that is in the text of Mach-O and PE
// files and in a section of WASM modules, or "".
//
// Source: $GOROOT/src/cmd/internal/buildid/buildid.go, go1.26.
func (f *File) textBuildID() string {
	if f.wasm != nil {
		return f.wasm.buildID
	}
	for _, s := range f.sections {
		if !s.Exec {
			continue
		}
		b, ok := bounded.Sub(f.data, uint64(s.Off), min(s.FileSize, maxTextID))
		if !ok {
			continue
		}
		from := bytes.Index(b, []byte(textIDStart))
		if from < 0 {
			continue
		}
		b = b[from+len(textIDStart)-1:] // with the quotation mark
		to := bytes.Index(b, []byte(textIDEnd))
		if to < 0 {
			continue
		}
		if id, err := strconv.Unquote(string(b[:to+1])); err == nil {
			return id
		}
	}
	return ""
}
