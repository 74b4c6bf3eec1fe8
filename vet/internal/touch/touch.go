// Package touch says which packages the rules of moho vet have to look at: those
// that can break a rule of package unsafe. It is the one place that does.
//
// A package can, when it imports one that hands out raw memory (see [Import]),
// or directly one whose facts say that an importer can go wrong with it
// ([fact.Package.Concerns]). All others are never parsed.
//
// # Untrusted input
//
// Names of packages; they are compared.
//
// # Compatibility
//
// Internal to vet. What is asked changes with [Version], which is part of every
// cache key.
package touch

import (
	"go/ast"
	"regexp"
	"strconv"
	"strings"
)

// Version changes when the answers do.
const Version = 1

// Import reports whether a package that imports path can touch memory that Go
// does not look after. wide is set for targets whose words have 64 bits; on
// others the alignment of 64-bit atomics is the caller's to see to.
func Import(path string, wide bool) bool {
	switch path {
	case "unsafe", "C", "syscall", "runtime/cgo", "golang.org/x/sys/unix", "golang.org/x/sys/windows":
		return true
	case "sync/atomic":
		return !wide
	}
	return false
}

// wideAtomic are the functions of sync/atomic whose operand has to be aligned by
// the caller where words have 32 bits.
var wideAtomic = regexp.MustCompile(`\b(Add|And|CompareAndSwap|Load|Or|Store|Swap)U?[Ii]nt64\(`)

// Atomics reports whether the source text of a file, which imports sync/atomic,
// may call a function for 64 bits. That is looked at on every target: the same
// file may be compiled for others.
func Atomics(text []byte) bool { return wideAtomic.Match(text) }

// AtomicFile is [Atomics] for a file that is parsed.
func AtomicFile(f *ast.File) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
				found = found || wideAtomic.MatchString(sel.Sel.Name+"(")
			}
		}
		return !found
	})
	return found
}

// Files reports whether the import clauses of any of the files are such.
func Files(files []*ast.File, wide bool) bool {
	for _, f := range files {
		for _, imp := range f.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			if err == nil && (Import(path, wide) || path == "sync/atomic" && AtomicFile(f)) {
				return true
			}
		}
	}
	return false
}

// ImplementsMemory reports packages that the rules of package unsafe do not
// bind, because they are what implements them: the garbage collector and the
// stacks live there, and their uintptrs are deliberate.
func ImplementsMemory(path string) bool {
	switch path {
	case "runtime", "internal/abi", "internal/bytealg", "reflect", "internal/reflectlite":
		return true
	}
	return strings.HasPrefix(path, "internal/runtime/") || strings.HasPrefix(path, "runtime/internal/")
}
