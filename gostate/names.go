package gostate

import "strings"

// shortName returns a function's name as tracebacks print it: type arguments
// become [...]. From Go 1.27 on, which has generic methods, T[…].M[…] becomes
// T[...].M[...]; before, everything from the first bracket to the last went.
//
// Source: $GOROOT/src/runtime/traceback.go (funcNamePiecesForPrint), go1.27.
func shortName(name string, minor int) string {
	i := strings.IndexByte(name, '[')
	j := strings.LastIndexByte(name, ']')
	if i < 0 || j <= i {
		return name
	}
	inner := name[i+1 : j]
	if minor < 27 || strings.IndexByte(inner, '[') < 0 {
		return name[:i] + "[...]" + name[j+1:]
	}
	// T[…].M[…]: the first bracket closes before the last one opens at depth 0.
	depth, end := 1, -1
	for k := range len(inner) {
		switch inner[k] {
		case '[':
			if depth == 0 && end >= 0 {
				return name[:i] + "[...]" + inner[end+1:k] + "[...]" + name[j+1:]
			}
			depth++
		case ']':
			if depth--; depth == 0 {
				end = k
			}
		}
	}
	return name[:i] + "[...]" + name[j+1:]
}

// internalName reports whether a traceback leaves out a function of this name
// because it belongs to the runtime: everything in package runtime that is not
// exported, and the few assembly symbols without a package.
//
// Source: $GOROOT/src/runtime/traceback.go (showfuncinfo), go1.27.
func internalName(name string) bool {
	if strings.IndexByte(name, '.') < 0 {
		return true
	}
	return strings.HasPrefix(name, "runtime.") && !exportedRuntime(name[len("runtime."):])
}

// exportedRuntime reports whether F, T.M or (*T).M is exported.
func exportedRuntime(name string) bool {
	recv := ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		recv, name = name[:i], name[i+1:]
		if s, ok := strings.CutPrefix(recv, "(*"); ok && strings.HasSuffix(s, ")") {
			recv = s[:len(s)-1]
		}
	}
	return upper(name) && (recv == "" || upper(recv))
}

func upper(s string) bool { return s != "" && 'A' <= s[0] && s[0] <= 'Z' }
