package asm

import "strings"

// Generated is what Package returns for functions that belong to no package
// because the compiler or the linker made them up.
const Generated = "(generated)"

// Package returns the linker's package path in the name of a function: main for
// commands. Functions of no package are in [Generated]: equality and hash of
// types (type:.eq.…), marks of the linker (go:…), names without any path.
//
// Source: $GOROOT/src/runtime/symtab.go (funcpkgpath), go1.26.
func Package(name string) string {
	if i := strings.IndexByte(name, '['); i >= 0 { // dots and slashes of type arguments
		name = name[:i]
	}
	for _, p := range []string{"type:", "type..", "go:", "go."} {
		if rest, ok := strings.CutPrefix(name, p); ok && !(p == "go." && strings.Contains(rest, "/")) {
			return Generated
		}
	}
	slash := strings.LastIndexByte(name, '/') + 1
	if paren := strings.IndexByte(name, '('); paren >= 0 { // x/y.(*T[a/b.C]).M
		slash = strings.LastIndexByte(name[:paren], '/') + 1
	}
	dot := strings.IndexByte(name[slash:], '.')
	if dot <= 0 {
		return Generated
	}
	// The linker escapes dots in the last element of a path, and more.
	return strings.ReplaceAll(name[:slash+dot], "%2e", ".")
}

// InPackage reports whether pattern means the package: its path, or everything
// below a path when pattern ends in /... .
func InPackage(pkg, pattern string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == base || strings.HasPrefix(pkg, base+"/")
	}
	return pkg == pattern || pattern == "..."
}
