package source

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"moho/evidence"
)

// Scheme says how fingerprints are computed; it is part of each.
const Scheme = 1

// Fingerprints gives each finding a name that it keeps when lines move, the
// file is renamed, or the code is laid out anew.
//
// It is a digest of the rule, the package, the function, the statement's code,
// and how many equal ones came before: the second of two equal findings is
// another one. The chain of closures is not part of it, because a new function
// literal renames those below it.
func Fingerprints(fs []*evidence.Finding, t *Tree) {
	slices.SortStableFunc(fs, func(a, b *evidence.Finding) int { return evidence.CompareFindings(*a, *b) })
	seen := map[string]int{}
	for _, f := range fs {
		key := fmt.Sprintf("%d\x00%s\x00%s\x00%s\x00%s", Scheme, f.Rule, Package(f.Place), symbol(f.Place), Code(*f, t))
		n := seen[key]
		seen[key]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, n))
		f.Fingerprint = hex.EncodeToString(sum[:16])
	}
}

// Code returns the code that a finding is about, as [Text.Code] does; its
// symbol's name has to do where the text can't be had.
func Code(f evidence.Finding, t *Tree) string {
	return t.Text(f.Place.Module, f.Pos.File).Code(f.Pos.Line, f.Pos.Col)
}

// Package returns the import path of the package that a finding is in. The
// linker calls every command main; those go by their directory.
func Package(p evidence.Place) string {
	if p.Package != "main" {
		return p.Package
	}
	return path.Join(p.Module, path.Dir(p.File))
}

// symbol is the function's name. One of several init functions has a number,
// which another one before it would change.
func symbol(p evidence.Place) string {
	if rest, ok := strings.CutPrefix(p.Symbol, "init."); ok && strings.Trim(rest, "0123456789") == "" {
		return "init"
	}
	return p.Symbol
}
