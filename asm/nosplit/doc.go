// Package nosplit follows calls between functions that do not check their
// stack. A function that checks guarantees a number of bytes below its frame;
// everything that it calls without another check must fit into them. The linker
// proves that when it links and then keeps silent: this package finds the same
// graph in the finished program, with the same numbers, and says how much room
// each chain of calls leaves.
//
// Which functions are NOSPLIT is not recorded in a program. It is derived: what
// does not call runtime.morestack does not check. On arm64 the assembler leaves
// the check out of functions without a frame that call nothing, too, though some
// jump to another in the end; those are told apart as leaves.
//
// # Untrusted input
//
// Any code and any table. The graph has at most one edge for each call; walks
// over it visit each function once and end at cycles.
//
// # Compatibility
//
// amd64 and arm64 of Go 1.18 to 1.27. The result is the JSON kind
// moho/nosplit/v1 (docs/schemas).
//
// Source: $GOROOT/src/cmd/link/internal/ld/stackcheck.go, go1.19 to go1.27.
package nosplit
