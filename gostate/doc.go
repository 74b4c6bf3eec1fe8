// Package gostate reads what the Go runtime left in the memory of a stopped
// process: every goroutine with its status, what it waits for, who created it
// and its whole stack, and what brought the process down.
//
// It needs neither symbols nor DWARF nor section headers. The goroutines are
// found by what every live g satisfies (its saved registers point back at it),
// the threads by the ids that the runtime keeps, functions and frames by the
// tables that the runtime itself unwinds with. [Open] takes the process and its
// executable; the executable may be nil when the core holds the program's text.
//
// # Which stack
//
// A goroutine's registers come from the best place there is, and
// [Goroutine.RegsFrom] names it: the thread that was executing it, the context
// that the kernel saved when a signal interrupted it, what it saved itself on
// entering a system call, or its gobuf. The runtime's own tracebacks stop at
// "running on other thread; stack unavailable"; here those stacks are there too.
// [World.Registers] gives all registers of a frame that can be known, each with
// its source, and says of the others why they are lost.
//
// # What is deferred
//
// [World.Defers] lists the deferred calls that have not returned, in the order
// in which they run, those that have begun told from those that wait, and
// [World.Panics] the panics that make them run.
//
// # Untrusted input
//
// Cores are hostile. Every pointer walk is bounded, stack pointers must grow
// within the stack that they started on, and no number of the core decides an
// allocation before it is compared with the memory that there is. What cannot
// be read is counted in [World.Gaps]; a stack that ends early says why in
// [Goroutine.Truncated].
//
// # Compatibility
//
// Go 1.21 to 1.27 on linux/amd64, linux/arm64 and wasm. For another version the
// nearest table is used if the goroutines that it shows make sense, and a gap
// says so; otherwise Open refuses. Code in Go plugins is foreign: stacks through
// it end there and say so.
package gostate
