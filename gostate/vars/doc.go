// Package vars shows the arguments and variables of the frames of a stopped
// process.
//
// [Reader.Args] gives what a traceback prints between the parentheses, from the
// tables that are in stripped programs too: words without names. [Reader.Vars]
// gives parameters, results and local variables by name, type and value, where
// the executable has DWARF.
//
// # What can be known
//
// Go's calling convention keeps no register over a call. So of a frame that has
// made one, only what lies in memory is left, and a variable that DWARF has in a
// register is gone; only of the frame where a thread, a signal or a preemption
// stopped the goroutine are there registers. A variable of which DWARF gives no
// place at the instruction is optimized out: the compiler had no more use for
// it. Words that a traceback marks with a question mark are a parameter's place
// in memory that the function may not have written yet, or has used for
// something else.
//
// # What DWARF says wrong
//
// Of a variable that has one place in all of its function (those that the
// compiler keeps on the stack for good, and all of a program built with -N) DWARF
// does not say when it is set: before that it reads as what was there. Of local
// variables those that are declared further down than the frame's line are
// therefore left out, and of those with one place also those declared on it.
//
// A list of places may have a variable in a register throughout a call, which no
// register survives: arm64, Go 1.21 to 1.27. That is not believed.
//
// # Untrusted input
//
// As in packages value and debuginfo: any word may be wrong, every walk is
// bounded. A frame has at most [MaxVars] variables here.
//
// # Compatibility
//
// Go 1.21 to 1.27. The text of Args is that of the release which built the
// program.
package vars
