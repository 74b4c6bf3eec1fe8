package vet

import (
	"crypto/sha256"

	"moho/vet/source"
)

func newSources(overlay map[string][]byte) *source.Tree {
	return &source.Tree{Files: map[source.Key]source.File{}, Overlay: overlay}
}

// files lists the files of a unit by the names that positions give them. It
// is asked before they are parsed: whoever changes a file later is noticed.
func (u *unit) files(l *loaded) map[source.Key]source.File {
	module, _ := u.module(l)
	root := ""
	if m := u.pkg.Module; m != nil && m.Main {
		root = m.Dir
	}
	files := map[source.Key]source.File{}
	for _, list := range [][]string{u.pkg.GoFiles, u.pkg.OtherFiles} {
		for _, name := range list {
			f := source.File{Path: name, Root: root}
			if b, err := source.Read(name, l.overlay); err == nil {
				f.Digest = sha256.Sum256(b)
			}
			files[source.Key{Module: module, File: u.file(l, name)}] = f
		}
	}
	return files
}

// overlaid returns the overlay's text of a file as the parser wants it: nil for none.
func overlaid(overlay map[string][]byte, name string) any {
	if b, ok := overlay[name]; ok {
		return b
	}
	return nil
}
