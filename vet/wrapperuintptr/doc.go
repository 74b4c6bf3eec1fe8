// Package wrapperuintptr finds exported functions that take an address as a
// number and do not tell the compiler.
//
// # Analyzer wrapperuintptr
//
// wrapperuintptr: an exported function takes an address as a number
//
// Callers convert a pointer in the argument list of such a function and think
// themselves safe, as they are with syscall.Syscall. They are not: for any
// other function the compiler keeps the object alive and in place during the
// call only when the function is marked with the directive uintptrescapes. A
// parameter of type unsafe.Pointer needs no directive.
//
// The rule reports parameters of type uintptr of exported functions and methods
// that are not marked, when the function
//
//   - passes the number to a system call in a place where that call takes an
//     address: the third argument of ioctl, the buffers of read and write, and
//     the like;
//   - makes a pointer of it, or passes it to the operating system in any place,
//     and some call in the package or its tests passes the address of Go memory
//     there.
//
// Not findings: functions of package main and unexported ones, whose callers are
// all known (syscall-split looks at these); functions that hand any number to
// any system call, as syscall.Syscall does; addresses that the operating system
// gave out.
package wrapperuintptr
