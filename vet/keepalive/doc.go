// Package keepalive finds uses of what a finalizer gives back, after the last
// use of the object that has the finalizer.
//
// # Analyzer keepalive
//
// keepalive: a finalizer may give back what is still in use
//
// An object whose type has a finalizer (runtime.SetFinalizer) or a cleanup
// (runtime.AddCleanup) may be collected as soon as nothing refers to it: not at
// the end of the function that has it in a variable, but after the last use of
// that variable. If its finalizer frees C memory, unmaps a file or closes a
// handle, then a pointer, slice or handle that was read from one of its fields
// is dangling from that moment on. The receiver of a method is no exception: a
// method that passes x.handle to C and does not use x after that runs without
// x, unless the caller uses it later.
//
// The rule works out which fields a finalizer gives back: by C functions, by
// munmap, by closing a handle, directly or in functions that it calls, and
// which other fields share their memory. It follows what is read from such a
// field, through variables, conversions and views, to where it is used: passed
// to a C function or another call, read or written through. It reports a use
// when memory may be collected during it, or between the reading and it, and
// the object is not used later on any path, is not given to the call, not held
// by a deferred call, and not stored where it stays. A view that leaves the
// function that made the object and drops it is reported where it leaves.
//
// A method of an exported name is reported itself, whatever its callers do. In
// functions with callers that are all known it is reported unless each of them
// keeps the object. When a function reaches the object through another that it
// was given, the callers that let go of it are reported.
//
// Not findings: one read or write right after the reading of the field, with no
// call in between; a function that gives the field back itself, or that has
// cleared the finalizer; an object that it put into memory that it did not
// make, passed to an unknown function or to a goroutine.
package keepalive
