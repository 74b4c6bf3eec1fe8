package vet

import (
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"
)

// IsTool reports whether the arguments (without the program's name) are those
// with which go vet and go fix start their tool: -V=full to identify it, -flags
// to list its flags, or flags followed by the name of one *.cfg file.
//
// Source: $GOROOT/src/cmd/go/internal/work/exec.go (vet), go1.26.
func IsTool(args []string) bool {
	if len(args) == 0 {
		return false
	}
	if len(args) == 1 && (args[0] == "-V=full" || args[0] == "--V=full" || args[0] == "-flags" || args[0] == "--flags") {
		return true
	}
	last := len(args) - 1
	for _, a := range args[:last] {
		if !strings.HasPrefix(a, "-") {
			return false
		}
	}
	return strings.HasSuffix(args[last], ".cfg") && !strings.HasPrefix(args[last], "-")
}

// Main serves one such request and exits: 0 for no findings, 1 otherwise, as
// the go command expects. It never returns.
func Main() { unitchecker.Main(Suite...) }
