// Package nonul finds Go bytes that C reads as a string.
//
// # Analyzer nonul
//
// nonul: C reads Go bytes up to a NUL that is not there
//
// Go strings and slices of bytes have a length and no NUL at their end. C's
// string functions read up to a NUL, wherever that is: behind the last byte of
// the Go object lies something else, and that is read, compared, copied or
// printed with it, until by chance a zero byte comes.
//
// The rule reports, with medium severity, an argument that points to the bytes
// of a Go string or slice for a parameter that C reads up to a NUL: that of a
// function of the C library, or of one whose body does so, itself or through a
// function that it calls; C.GoString is one too. The bytes must come from
// where it is known that nobody put a NUL at their end: a string that is a
// constant, a parameter, or put together from such; a conversion of one to
// bytes; a slice made exactly as long as another; a slice that is a parameter.
//
// Not findings: bytes that end in a NUL by append(b, 0), + "\x00", "...\x00",
// an assignment of 0 to an element, a slice made longer than what is copied
// into it, or syscall.BytePtrFromString; bytes that the function looks through
// for a NUL; arrays and fresh buffers, which are zero; functions that take a
// length, such as memcpy, write and strncpy; functions that cannot be seen.
package nonul
