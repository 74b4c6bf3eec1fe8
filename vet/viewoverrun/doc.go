// Package viewoverrun finds slices, strings and arrays laid over memory that
// is shorter than they are.
//
// # Analyzer viewoverrun
//
// viewoverrun: a view of memory reaches beyond the object it is laid over
//
// Converting a pointer to *[N]T and slicing or indexing the array, or calling
// unsafe.Slice or unsafe.String, makes a view whose bounds Go believes. The
// runtime checks indexes against the view, never against the object below:
// if the view is longer, reads and writes reach whatever lies behind it.
//
// The rule works out what the pointer points into: a variable, a literal, what
// new or make with constant size made, a struct behind a typed pointer, an
// element of a slice or string. It sees through conversions, selectors,
// constant pointer arithmetic and calls within the package.
//
// It reports high severity when the view is longer than the object for
// certain. With two slice bounds, (*[N]T)(p)[i:j] reaches N elements far, since
// its capacity does; a third bound ends the view. When the object is a slice
// or string of unknown length, it reports medium severity unless the length
// is known to suffice: by a comparison that dominates the view, by an earlier
// access to a later element, because the view's length is computed from the
// slice's, or because all callers of an unexported function see to it. When
// nothing is known of the object, an array view without a third bound is
// reported with medium severity if it is a made-up maximum (1 MiB or more).
//
// Not findings: a full slice expression whose bounds are not constant; views
// over C memory and memory from mmap; unsafe.Slice(p, n) where nothing is known
// of p; array views that are copied or passed on as a pointer.
package viewoverrun
