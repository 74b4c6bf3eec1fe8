// Package traceback reads what Go programs print about their goroutines: the
// tracebacks of a crash, of SIGQUIT, of runtime.Stack and of net/http/pprof, as
// they arrive in logs, with a collector's prefix before every line, other lines
// between them, tabs turned into spaces, or cut off at either end; and goroutine
// profiles, which count instead of listing.
//
// What is read becomes [gostate.Goroutine] values, so that a text can be asked
// what a core can be asked. What a text does not say is not made up.
//
// # Untrusted input
//
// Texts and profiles, of which nothing is believed. A text is read as a stream:
// a line has a limit, different functions and places are kept once and up to a
// limit, and memory does not grow with the number of goroutines. A line that is
// no part of a traceback is passed over; a stack that is cut off says so.
//
// # Compatibility
//
// The forms are those of Go 1.18 to 1.27.
package traceback
