package wasmbin

import (
	"fmt"

	"moho/internal/bounded"
)

// Limits. They are those that browsers agreed on, or below them.
//
// Source: WebAssembly JavaScript interface, "Implementation-defined limits".
const (
	MaxTypes    = 1_000_000 // types in a module
	MaxValues   = 1000      // parameters or results of one type
	MaxFuncs    = 1_000_000 // functions in a module, imported ones included
	MaxImports  = 100_000   // imports of a module
	MaxExports  = 1_000_000 // exports of a module
	MaxGlobals  = 100_000   // globals in a module, imported ones included
	MaxTables   = 100_000   // tables in a module, imported ones included
	MaxTags     = 100_000   // tags in a module, imported ones included
	MaxElems    = 1_000_000 // element segments in a module
	MaxData     = 1_000_000 // data segments in a module
	MaxSections = 10_000    // sections in a module, custom ones included
)

// An Error says what in a module is wrong and at which offset in it.
type Error struct {
	Off  int64
	What string
}

// Error returns "What (at offset 0x40)".
func (e *Error) Error() string { return fmt.Sprintf("%s (at offset %#x)", e.What, e.Off) }

// limit is bounded.Check with the name of a count.
func limit(what string, n uint32, most uint64) error {
	return bounded.Check("wasm: number of "+what, uint64(n), most)
}
