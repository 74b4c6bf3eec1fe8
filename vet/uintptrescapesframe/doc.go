// Package uintptrescapesframe finds addresses of local variables that outlive
// the variable's frame as numbers.
//
// # Analyzer uintptrescapesframe
//
// uintptrescapesframe: the address of a local variable outlives its frame as a number
//
// The compiler moves a variable to the heap when a pointer to it outlives the
// function. A number is no pointer: a variable whose address leaves as a uintptr
// stays on the stack, and its place there is used for other things as soon as
// the function has returned, or the stack has been copied to another place.
// Whoever makes a pointer of the number reads and writes somebody else's memory;
// no unlucky garbage collection is needed for that.
//
// The rule reports a conversion to unsafe.Pointer of an integer that holds the
// address of a local variable, when on its way the integer was
//
//   - returned by the function that the variable belongs to,
//   - captured by a function literal that this function returns, stores outside,
//     or starts as a goroutine, or that it defers,
//   - kept in a package variable, or in memory that the function got from
//     elsewhere, and used by code that the function does not call,
//   - sent on a channel, or passed to a goroutine or a deferred call,
//
// and the variable is seen to stay on the stack: no pointer to it is returned,
// stored, boxed, sent, or passed to a function that might keep it. Where the
// compiler can be run, the finding says what it decided about the variable.
//
// A function that returns such an address and is called from other packages only
// is not reported here, but where they make a pointer of it. Deferred calls run while the frame is there, but after everything that may
// have moved its stack.
//
// The conversion itself is a finding of uintptr-roundtrip as well, which holds
// for all memory of Go's; this one says that it goes wrong every time.
package uintptrescapesframe
