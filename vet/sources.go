package vet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"moho/vet/source"
)

func newSources(overlay map[string][]byte) *source.Tree {
	return &source.Tree{Files: map[source.Key]source.File{}, Overlay: overlay}
}

// digests returns a hash of each file of a unit, by the name that positions give
// it. It is asked before they are parsed: whoever changes a file later is noticed.
func (u *unit) digests(l *loaded) map[string]string {
	sums := map[string]string{}
	for name, path := range u.files(l) {
		if b, err := source.Read(path, l.overlay); err == nil {
			sums[name] = fmt.Sprintf("%x", sha256.Sum256(b))
		}
	}
	return sums
}

// sources leads from positions in the findings of a unit to its files.
func (u *unit) sources(l *loaded) map[source.Key]source.File {
	module, _ := u.module(l)
	root := ""
	if m := u.pkg.Module; m != nil && m.Main {
		root = m.Dir
	}
	out := map[source.Key]source.File{}
	for name, path := range u.files(l) {
		f := source.File{Path: path, Root: root}
		if b, err := hex.DecodeString(u.record.Digests[name]); err == nil {
			copy(f.Digest[:], b)
		}
		out[source.Key{Module: module, File: name}] = f
	}
	return out
}

// files lists a unit's files by the names that positions give them.
func (u *unit) files(l *loaded) map[string]string {
	out := map[string]string{}
	for _, list := range [][]string{u.pkg.GoFiles, u.pkg.OtherFiles} {
		for _, path := range list {
			out[u.file(l, path)] = path
		}
	}
	return out
}

// overlaid returns the overlay's text of a file as the parser wants it: nil for none.
func overlaid(overlay map[string][]byte, name string) any {
	if b, ok := overlay[name]; ok {
		return b
	}
	return nil
}
