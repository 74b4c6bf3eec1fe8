package evidence

import "strings"

// Symbol is a linker name taken apart.
//
// Package is the linker's package path, Base the enclosing top-level function
// without type arguments (F, T.M, (*T).M, init.0; init for the literals of
// package-level variables), Closures the function literals, range-over-func
// bodies and compiler-made wrappers below it, outermost first. MethodValue is
// true for the -fm wrapper of a method value.
type Symbol struct {
	Package     string
	Base        string
	Closures    []string
	MethodValue bool
}

// ParseSymbol takes a linker name apart, with its type arguments written out
// (main.G[go.shape.int]), shortened as tracebacks do (main.G[...]) or dropped.
// Names without a package, those of C and of some assembly, come back as Base.
//
// Source: closureName in $GOROOT/src/cmd/compile/internal/ir/func.go, go1.26
// (the same naming since go1.22; go1.20 and older wrote glob..func1 for what is
// init.func1 now).
func ParseSymbol(name string) Symbol {
	name = stripTypeArgs(name)
	var s Symbol
	if cut, ok := strings.CutSuffix(name, "-fm"); ok {
		name, s.MethodValue = cut, true
	}
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		s.Base = name
		return s
	}
	s.Package = name[:slash+dot]
	rest := name[slash+dot+1:]
	if lit, ok := strings.CutPrefix(rest, "glob.."); ok {
		rest = "init." + lit
	}

	parts := strings.Split(rest, ".")
	base := len(parts)
	for i, part := range parts {
		if i > 0 && isClosure(part) && !(parts[0] == "init" && i == 1 && isDigits(part)) {
			base = i
			break
		}
	}
	head, bodies := cutRanges(strings.Join(parts[:base], "."))
	s.Base = head
	s.Closures = bodies
	for _, part := range parts[base:] {
		lit, bodies := cutRanges(part)
		s.Closures = append(append(s.Closures, lit), bodies...)
	}
	return s
}

// cutRanges splits F-range1-range2 into F and its range-over-func bodies.
func cutRanges(s string) (head string, bodies []string) {
	if !strings.Contains(s, "-range") {
		return s, nil
	}
	parts := strings.Split(s, "-")
	for _, p := range parts[1:] {
		if !strings.HasPrefix(p, "range") {
			return s, nil
		}
	}
	return parts[0], parts[1:]
}

// isClosure reports whether one dotted part of a symbol names a function
// literal or a wrapper that the compiler makes for a go or defer statement.
func isClosure(part string) bool {
	part, _ = cutRanges(part)
	for _, p := range []string{"func", "gowrap", "deferwrap"} {
		if n, ok := strings.CutPrefix(part, p); ok {
			return isDigits(n)
		}
	}
	return isDigits(part)
}

func isDigits(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// stripTypeArgs removes every [...] group, nested ones included.
func stripTypeArgs(s string) string {
	if !strings.Contains(s, "[") {
		return s
	}
	var b strings.Builder
	depth := 0
	for _, c := range []byte(s) {
		switch {
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// DictParam tells where a generic function takes the pointer to its dictionary,
// a parameter that neither the source nor DWARF has: before the parameter of
// that number, the receiver counted; -1 if it takes none. Closures find theirs in
// their context. It is not known of a name with its type arguments cut short, [...].
//
// Source: shapeSig in $GOROOT/src/cmd/compile/internal/noder/reader.go, go1.26.
// Compilers up to go1.19, for which first is true, put it before the receiver.
func DictParam(name string, first bool) (before int, known bool) {
	switch {
	case strings.Contains(name, "[...]"):
		return 0, false
	case !strings.Contains(name, "go.shape.") || strings.HasPrefix(name, "type:"):
		return -1, true
	}
	s := ParseSymbol(name)
	switch {
	case len(s.Closures) > 0 || s.MethodValue:
		return -1, true
	case first:
		return 0, true
	}
	return min(strings.Count(s.Base, "."), 1), true
}
