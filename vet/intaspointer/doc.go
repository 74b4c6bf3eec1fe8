// Package intaspointer finds numbers that are no addresses and are kept where
// the runtime expects pointers.
//
// # Analyzer intaspointer
//
// intaspointer: a number that is no address is kept as a pointer
//
// The garbage collector and the code that copies stacks look at every word of
// pointer type. A small number found there is fatal ("invalid pointer found on
// stack"), and so is one that looks like an address in memory which Go has not
// given out ("found bad pointer in Go heap"); one that happens to be the
// address of something keeps that alive. Handles and other numbers therefore
// belong into a uintptr, and a C callback's void* gets the address of a
// variable that holds the handle.
//
// The rule looks at conversions of integers to unsafe.Pointer whose result is
// kept: assigned to memory, put into an interface, passed, returned. It
// reports, with high severity, constants below 4096 other than 0, values of
// type runtime/cgo.Handle, and addresses of Go memory whose bits have been
// replaced; with medium severity other constants and numbers of types that
// addresses do not have (int, int32, uint8 and the like).
//
// Not findings: pointers that are only compared, or followed at once, as in
// programs that talk to devices at fixed addresses; small negative constants,
// which are error values in C; a number that goes on to a system call as a
// number.
package intaspointer
