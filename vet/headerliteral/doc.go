// Package headerliteral finds string and slice headers that are values of
// their own and hold the address of Go memory as an integer.
//
// # Analyzer headerliteral
//
// headerliteral: a string or slice is made from a header that hides its memory
//
// A struct {uintptr, int, int}, be it reflect.SliceHeader, reflect.StringHeader
// or one's own, is not a slice: its first word is an integer, and an integer
// keeps nothing alive. If such a header is built (or copied from a real string
// or slice) and then reinterpreted as a slice or string, the memory can be
// freed or moved between the two; what comes out points to something else.
// The rule goes by the shape of the struct, not by its name.
//
// It reports the literal, the assignment of the address, or the copy, when the
// address is one of Go memory and the header is then converted to *string or
// to a pointer to a slice, or its address is moved on into another header.
// Severity is high when the memory is Go's for certain, medium when the rule
// sees only a pointer loaded from elsewhere or an unsafe.Pointer from the
// caller, or when runtime.KeepAlive holds the original until after the
// conversion: then only a moving stack can break it.
//
// Not findings: setting the fields of a real string or slice through a
// pointer to its header; structs whose first field is an unsafe.Pointer, or
// that begin with a string or slice, because the collector sees those; headers
// over C memory or memory from mmap; headers that are only read or printed.
package headerliteral
