// Package munmapuse finds misuse that package typestate follows: a mapping is used after it was unmapped.
//
// # Analyzer munmapuse
//
// munmapuse: a mapping is used after it was unmapped
//
// A slice over a mapping stays as it is when the mapping goes: its next use is a
// fault that no recover catches, or reads what was mapped there since.
//
// The rule follows what Mmap, MapViewOfFile, VirtualAlloc and shmat return, and
// fields and parameters that some function of the package unmaps, along the
// paths of the function: slices of it, strings and pointers made from it are the
// same mapping. It reports reading or writing it, passing it on, returning it
// after Munmap or a function that unmaps it, and unmapping it twice. Deferred
// calls run where the function returns.
//
// Unmapping twice is of medium severity where Munmap of syscall or x/sys does it
// and the code looks at the error: that function knows what it mapped, and harms
// only when something else has come to lie at the same place.
//
// Not findings: a path on which Munmap returned an error; unmapping a part; a
// variable or field that was set to nil or mapped anew; VirtualFree that only
// decommits.
package munmapuse
