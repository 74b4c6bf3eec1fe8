// Package postmortem answers what a process was doing: it opens a core, finds
// the executable that belongs to it, lets gostate read what the Go runtime left
// in memory, and marks the frames that findings are about.
//
// A living process, the memory or a coredump of a WebAssembly instance, and what
// a program printed of its goroutines are opened the same way, compressed or
// through a pipe. What a target cannot be asked is an error, [ErrText] for one.
//
// The way from core to executable needs no path. The Build ID lies in the
// core; a store leads from it to a set of artifacts; the one whose bytes agree
// with what the core holds is taken, and with it its report and the findings
// that were known when it was built. A path given by hand is checked the same
// way and refused when it names another binary.
//
// # Untrusted input
//
// Targets, executables and stores. Nothing that a core names is opened: paths in
// it are claims. Artifacts are hashed again before they are used. What can't be
// read becomes a gap, and the answer is partial.
//
// # Compatibility
//
// JSON output follows moho/core/v1, moho/goroutines/v1, moho/defers/v1 and others in
// docs/schemas.
package postmortem
