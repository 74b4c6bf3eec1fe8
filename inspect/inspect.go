// Package inspect says what an artifact is, from the artifact: format,
// architecture, build mode, how it is linked, what it needs to start, which Go
// built it from which modules, and which paths of a machine it gives away.
//
// Nothing that a build was asked for enters here; the answers are there to be
// compared with that.
//
// # Untrusted input
//
// Artifacts are read through package objfile, under its limits. Strings that
// come from them (interpreter, libraries, module names) are values to compare
// and to show; nothing is opened or run by them.
//
// # Compatibility
//
// Every format that objfile identifies gives format, architecture and Go build
// info; those that it reads in full give the rest. What is not read is a gap.
package inspect

import (
	"fmt"
	"runtime/debug"

	"moho/evidence"
	"moho/objfile"
)

// Binary returns what f is. What could not be read of it is empty there and
// has a gap that says why.
//
// Source: $GOROOT/src/cmd/link/internal/ld/elf.go and
// $GOROOT/src/debug/buildinfo/buildinfo.go, go1.26.
func Binary(f *objfile.File) (evidence.BinaryInfo, []evidence.Gap) {
	info := evidence.BinaryInfo{Format: f.Format(), Arch: f.Machine(), OS: f.OS()}
	var gaps []evidence.Gap
	gap := func(what string, err error) {
		gaps = append(gaps, evidence.Gap{What: what, Where: f.Name(), Why: err.Error()})
	}
	bi, err := f.BuildInfo()
	if err != nil {
		gap("Go build info", err)
		bi = &debug.BuildInfo{}
	}
	info.Go, info.MainPackage, info.CGO = bi.GoVersion, bi.Path, setting(bi, "CGO_ENABLED")
	if info.OS == "" && bi.GoVersion != "" && info.Format != "elf" {
		info.OS = setting(bi, "GOOS")
	}
	switch info.Format {
	case "wasm":
		info.BuildMode = "exe" // a module has no other shape; the host is its only library
		return info, gaps
	case "elf":
		info.BuildMode = elfMode(f, bi)
	default:
		// Build info is no evidence here: where position independence is the
		// default, as on darwin and windows, it says exe all the same.
		if info.BuildMode = f.Kind(); info.BuildMode == "" {
			info.BuildMode = setting(bi, "-buildmode")
		}
		if info.BuildMode == "" {
			gap("build mode", fmt.Errorf("not read from %s files, and the linker recorded none", info.Format))
		}
	}
	info.Interpreter = f.Interpreter()
	if info.Needed, err = f.Needed(); err != nil {
		gap("libraries", err)
		return info, gaps
	}
	info.Link = "dynamic"
	if info.Interpreter == "" && len(info.Needed) == 0 {
		info.Link = "static"
	}
	return info, gaps
}

// elfMode returns the build mode that the header shows. A position independent
// file without interpreter may be a static PIE or a library: there the linker's
// record decides, and without one it is called shared, which nobody asks for.
func elfMode(f *objfile.File, bi *debug.BuildInfo) string {
	switch f.ELFType() {
	case "EXEC":
		return "exe"
	case "DYN":
		if f.Interpreter() != "" {
			return "pie"
		}
		switch m := setting(bi, "-buildmode"); m {
		case "", "exe":
			return "shared"
		default:
			return m
		}
	case "REL":
		return "object"
	case "CORE":
		return "core"
	}
	return "unknown"
}

func setting(bi *debug.BuildInfo, key string) string {
	for _, s := range bi.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
