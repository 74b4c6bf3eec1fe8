// Package castgrow finds pointers that are given a type larger than what they
// point into.
//
// # Analyzer castgrow
//
// castgrow: a pointer is given a type that is larger than what it points into
//
// (*T2)(unsafe.Pointer(p)) says that there are as many bytes behind p as T2 has.
// Nothing checks that. Reading through it takes bytes of whatever lies behind
// the object, writing destroys them, and which object that is changes with
// every build.
//
// The rule works out what p points into: a variable, a literal, what new or
// make with a constant size made, an element of an array, a field up to the
// end of its struct, the bytes of a string constant, the result of a function.
// It then follows the new pointer, into functions of the package and back out
// of them, to see how far memory is really touched.
//
// It reports high severity when memory beyond the object is read or written,
// and for every conversion of a *string to a pointer to a slice: a string has
// no capacity, the slice takes the word behind it for one. It reports medium
// severity when the larger pointer is put into memory or handed to unknown
// callers, and when it points to an element of a slice or string whose length
// nothing has been compared with.
//
// Not findings: going from a large type to a smaller one; a *[]byte read as a
// *string; a string followed by an int, in one struct, read as a slice;
// casting a header that is known by its type only to the larger struct that
// begins with it; pointers that are only passed on to code that can't be seen,
// because that is often told the size; C memory; views by slicing an array,
// which are view-overrun's.
package castgrow
