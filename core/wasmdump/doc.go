// Package wasmdump makes processes of what is left of a WebAssembly instance: a
// coredump, in the format of the WebAssembly tool conventions, or the bytes of
// its linear memory alone. It also writes coredumps.
//
// A coredump is itself a module: custom sections say what was running, the memory
// section how large the memory was, data segments what was in it, and the global
// section the values of the globals, as constants. Memory that no segment covers
// is zero, as it would be if the module were instantiated. An instance is one
// [core.Thread] with the id [ThreadID]; its registers are the globals of a Go
// module. Which function was executing only the frames of the coredump say, or,
// where there are none because the instance waits for its host, its stack.
//
// # Untrusted input
//
// All of it. A coredump is checked as a module is, before anything is taken from
// it. Data segments that lie scattered are joined in memory of their own, at most
// [MaxJoined] and four times the size of the file; the zeros between them share
// one page range. Frames are counted against the bytes that are left.
//
// # Compatibility
//
// One 32-bit memory. Both forms of the frames are read: with the index of an
// instance, which newer producers write, and without. Section "go:buildid" is
// ours: a copy of that of the module, by which its executable is found.
//
// Source: WebAssembly/tool-conventions, Coredump.md.
package wasmdump
