// Package examples carries the source of the bundled examples, so that an
// installed moho can show them without its own source tree.
//
// # Untrusted input
//
// None.
package examples

import "embed"

// Crashy is the source of the demo's server, in the folder crashy.
//
//go:embed crashy/*.go
var Crashy embed.FS
