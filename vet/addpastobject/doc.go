// Package addpastobject finds pointer arithmetic whose result lies outside the
// object that it started from.
//
// # Analyzer addpastobject
//
// addpastobject: pointer arithmetic leaves the object
//
// A pointer made by unsafe.Add, or by arithmetic on a uintptr in one
// expression, must point into the object that it was derived from. The first
// byte after the object does not belong to it, unlike in C: the garbage
// collector takes the result for a pointer to whatever lies there and keeps
// that alive, or finds memory that it has not given out; a store through the
// pointer corrupts a neighbour.
//
// The rule reports a sum with a constant, or with the variable of a loop that
// runs to a constant limit, where the size of the object is known: a variable,
// new, a literal, make with a constant length, a field of one, in the function
// itself or in a caller that passes its address. All the objects that the
// pointer may point into there must be too small. A pointer that is followed is
// high; one that is only compared, as the end of a loop, is medium.
//
// Not findings: objects whose size is known from a pointer's type only, for
// which more may have been allocated; sums that a condition guards and that
// reach a caller's object; C memory.
package addpastobject
