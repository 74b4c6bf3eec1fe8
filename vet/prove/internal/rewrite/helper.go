package rewrite

import (
	_ "embed"
	"strings"
)

//go:embed helper.go.txt
var helperText string

// helper is the file that is added to a rewritten package: the runtime's functions
// by linkname, and around them what makes them fit any type.
func helper(pkg string) string { return strings.Replace(helperText, "package PKG", "package "+pkg, 1) }
