// Package typestate follows C memory, mappings, cgo handles and the like from
// where they are made to where they are given back, along the paths of one
// function at a time.
//
// The walk is a small symbolic execution of SSA. Every value is a symbol;
// conversions between pointers keep it, addresses of fields and views made by
// unsafe.Slice and its kin lead back to it, so that aliases need no analysis of
// their own: two names for one block are one symbol. What variables and fields
// hold is remembered as long as nobody else may have changed it. A branch on
// something that was decided before goes the same way again. Deferred calls run
// where the function returns, literals are walked where they are called, and
// functions of the package are walked where they are called when they matter
// and are short; what others do is known by their facts.
//
// A walk only ever shows that a path exists: it may end early (a loop is gone
// round twice, steps are counted) and then says less, not something wrong. It
// does not show that the conditions on the path can hold together beyond what
// it has seen of them; [Event.Sure] tells the two apart.
//
// # Untrusted input
//
// Source code under analysis. Each function has a budget of [maxSteps] steps,
// and each call that is walked into counts against [maxInline].
//
// # Compatibility
//
// Internal to vet.
package typestate
