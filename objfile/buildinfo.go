package objfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime/debug"

	"moho/internal/bounded"
)

const (
	buildInfoMagic  = "\xff Go buildinf:"
	buildInfoHeader = 32
	buildInfoAlign  = 16
	modInfoMarker   = 16 // bytes of sentinel on either side of the module text
)

// BuildInfo returns what Go's linker recorded about the build: version, main
// package, modules, settings. It works for every format, stripped or not. The
// error wraps ErrNoBuildInfo when there is none (or it is of a Go before 1.18,
// which stored it otherwise), and ErrFormat or ErrLimit when it is malformed.
//
// What is trusted of the file is only the record itself: it is looked for in
// section .go.buildinfo, then in what the program may write to; among the data
// of a WASM module; in the whole file where a format is only identified.
//
// Source: $GOROOT/src/debug/buildinfo/buildinfo.go and
// $GOROOT/src/cmd/link/internal/ld/data.go (buildinfo), go1.26.
func (f *File) BuildInfo() (*debug.BuildInfo, error) {
	if f.format == "wasm" {
		vers, mod, err := f.wasmBuildInfo()
		if err != nil {
			return nil, fmt.Errorf("wasm: build info: %w", err)
		}
		return f.decodeBuildInfo(vers, mod)
	}
	for _, area := range f.buildInfoAreas() {
		for from := 0; ; {
			i := bytes.Index(area[from:], []byte(buildInfoMagic))
			if i < 0 {
				break
			}
			at := from + i
			from = at + 1
			if at%buildInfoAlign == 0 {
				vers, mod, err := parseBuildInfo(area[at:])
				if err != nil {
					return nil, fmt.Errorf("%s: build info: %w", f.format, err)
				}
				return f.decodeBuildInfo(vers, mod)
			}
		}
	}
	return nil, fmt.Errorf("%s: %w", f.format, ErrNoBuildInfo)
}

// buildInfoAreas returns where to search, the likeliest place first.
func (f *File) buildInfoAreas() [][]byte {
	if !f.full {
		return [][]byte{f.data}
	}
	var out [][]byte
	for _, name := range []string{".go.buildinfo", "__go_buildinfo"} {
		if s, ok := f.Section(name); ok {
			if b, err := f.SectionBytes(s); err == nil {
				out = append(out, b)
			}
		}
	}
	for _, s := range f.segments {
		if b, ok := bounded.Sub(f.data, uint64(s.Off), s.FileSize); ok && s.Write {
			out = append(out, b)
		}
	}
	return out
}

// parseBuildInfo splits the record at the start of b into its two strings.
func parseBuildInfo(b []byte) (vers, mod string, err error) {
	c := bounded.NewCursor(b, binary.LittleEndian)
	c.Skip(15)
	flags := c.U8()
	c.Skip(buildInfoHeader - 16)
	if c.Err() == nil && flags&2 == 0 {
		return "", "", fmt.Errorf("in the form of a Go before 1.18: %w", ErrNoBuildInfo)
	}
	var parts [2]string
	for i := range parts {
		n := c.Uvarint()
		if err := bounded.Check("length of a build info string", n, MaxBuildInfo); err != nil {
			return "", "", err
		}
		parts[i] = string(c.Bytes(n))
	}
	if c.Err() != nil {
		return "", "", fmt.Errorf("%w: %w", ErrFormat, c.Err())
	}
	return parts[0], parts[1], nil
}

// decodeBuildInfo parses the module text, which stands between two sentinels.
func (f *File) decodeBuildInfo(vers, mod string) (*debug.BuildInfo, error) {
	if n := len(mod); n >= 2*modInfoMarker+1 && mod[n-modInfoMarker-1] == '\n' {
		mod = mod[modInfoMarker : n-modInfoMarker]
	} else {
		mod = ""
	}
	bi, err := debug.ParseBuildInfo(mod)
	if err != nil {
		return nil, formatErr(f.format, -1, "build info: %v", err)
	}
	bi.GoVersion = vers
	return bi, nil
}
