package prove

import (
	"crypto/sha256"
	"strings"

	"moho/evidence"
	"moho/vet/prove/internal/report"
	"moho/vet/source"
)

// identify gives findings that reports made what vet's own have: a column and a
// fingerprint. Their files are added to the tree that leads from positions to texts.
func (r *runner) identify(fs []*evidence.Finding) {
	for _, f := range fs {
		if text := r.tree.Text(f.Place.Module, f.Pos.File); text != nil {
			line := text.Line(f.Pos.Line)
			f.Pos.Col = len(line) - len(strings.TrimLeft(line, " \t")) + 1
		}
	}
	source.Fingerprints(fs, r.tree)
}

// addFile adds the file of a frame to the tree.
func (r *runner) addFile(f *evidence.Finding, at report.Frame) {
	key := source.Key{Module: f.Place.Module, File: f.Pos.File}
	if r.tree.Files == nil {
		r.tree.Files = map[source.Key]source.File{}
	}
	if _, ok := r.tree.Files[key]; ok {
		return
	}
	b, err := source.Read(at.File, nil)
	if err != nil {
		return
	}
	file := source.File{Path: at.File, Digest: sha256.Sum256(b)}
	if _, pkg, _ := r.plan.locate(r.tool, at.File); pkg != nil && pkg.Module != nil && !pkg.Module.Main {
		file.Root = pkg.Module.Dir
	}
	r.tree.Files[key] = file
}
