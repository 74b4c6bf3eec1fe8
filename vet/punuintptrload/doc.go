// Package punuintptrload finds pointers that are read out of memory which holds
// the address as a number.
//
// # Analyzer punuintptrload
//
// punuintptrload: a pointer is read from memory that holds a number
//
// Reading a uintptr variable through a pointer to a pointer,
// *(**T)(unsafe.Pointer(&u)), makes the same pointer as unsafe.Pointer(u) and
// breaks the same rule: while the address lay in u, nothing kept the object
// alive or followed it to another stack. The detour only hides the conversion
// from go vet, for which it is sometimes recommended; that is right for
// addresses that C or the operating system gave out, and wrong for Go's.
//
// The rule looks at loads of pointers (directly, from a field, an element, or by
// sync/atomic) from memory that was declared with an integer in that place, and
// follows what was stored there to where the address was taken, the way
// uintptr-roundtrip does: high for memory that is Go's for certain, medium for
// typed pointers that were loaded or came from another package, and where a
// field or package variable holds the object besides; none for C memory, memory
// of the operating system and package variables.
package punuintptrload
