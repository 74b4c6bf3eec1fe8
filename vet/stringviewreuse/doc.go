// Package stringviewreuse finds strings whose buffer changes under them.
//
// # Analyzer stringviewreuse
//
// stringviewreuse: the buffer below a string is used again
//
// unsafe.String, a slice's header read as a string's, and helpers around those
// make a string without a copy: the bytes of the buffer are its bytes. When the
// buffer is written to, filled again or put back into a pool while the string is
// still in use, the string changes. A map that has it as a key never finds the
// key again; a name that was checked is another name when it is used. Nothing
// crashes, and no sanitizer sees anything.
//
// The rule looks for strings laid over a buffer and for what happens to that
// buffer afterwards in the same function: an assignment to its elements, copy,
// append from the beginning, a Read into it, Reset, Pool.Put, the next Scan, or
// a function of one's own that does such a thing. It reports the change when the
// string is out of sight by then (a map key or element, stored in a field, a
// global or an element of a slice, sent, returned, kept by a function that it
// was passed to) or is used later in the function.
//
// A string kept in a field of the very object whose buffer changes is reported
// with medium severity: that object knows of both.
//
// Not findings: a string that is done with before the buffer changes, such as
// the key of a lookup; strings.Clone and string(b), which copy; a buffer that
// is made anew for each string; parts of a buffer that is filled piece by piece;
// an append that only adds.
package stringviewreuse
