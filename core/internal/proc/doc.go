// Package proc reads what Linux says of a process in /proc, and stops its
// threads by ptrace. Core/capture and core/live share it.
//
// # Untrusted input
//
// The process chooses its names and its maps; they are copied and not
// interpreted. It can end, or start and end threads, at any time.
//
// # Compatibility
//
// linux/amd64 and linux/arm64; elsewhere the package is empty.
package proc
