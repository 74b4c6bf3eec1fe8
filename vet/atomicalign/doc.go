// Package atomicalign finds 64-bit atomic operations on memory that is aligned
// to 4 bytes only where words have 4.
//
// # Analyzer atomicalign
//
// atomicalign: a 64-bit atomic operation works on an address that is not a multiple of 8 on 32-bit processors
//
// On 386, arm and mips the compiler aligns int64 and uint64 to 4 bytes, and the
// functions of sync/atomic for 64 bits panic when the address is no multiple of
// 8. Only the first word of a variable, or of what new or make allocated, is
// sure to be one, and the types atomic.Int64 and atomic.Uint64 wherever they
// lie.
//
// The rule lays out the structs on the way from what was allocated to the
// address, as the compiler does for 32-bit words: fields, structs inside
// structs, elements of arrays and slices whose size is no multiple of 8, and
// pointers to such parts that are passed to functions of the package. It
// reports the operation, or the call that passes the address on, if the file
// is compiled for such a processor at all, by its name, its build constraint
// and the targets that were asked for.
//
// Severity is high when the target under analysis is one of them, else medium.
//
// Not findings: addresses that came out of a cast (cast-align); pointers of
// which nothing is known but their type, when the field is at a multiple of 8
// in that type; structs that are never compiled for 32 bits.
package atomicalign
