// Package where says what an address of a stopped process is: in which function
// or variable, object or stack of whom, table or file it lies, or that there is
// nothing.
//
// A [Map] joins what the core says of its regions, the program's module data,
// the heap of package heap, the stacks of package gostate and, where there is
// one, the symbol table. Each answer names one place, the narrowest that is
// certain: what a stripped program does not say stays unsaid.
//
// # Untrusted input
//
// Any number may be asked for, and the process may be hostile. What a Map keeps
// is in proportion to the tables of the executable and to the number of
// goroutines; text that is quoted from memory is cut.
//
// # Compatibility
//
// As packages gostate and heap. A process whose executable is not known has
// regions and files only.
package where
