// Package cdoublefree finds misuse that package typestate follows: C memory is freed twice.
//
// # Analyzer cdoublefree
//
// cdoublefree: C memory is freed twice
//
// Freeing a block twice corrupts the allocator: the second time the block may
// belong to somebody else already. glibc notices some cases and aborts.
//
// The rule counts releases of one block along each path, through whatever name
// it goes: a copy, a conversion, a field, a captured variable. Deferred calls
// run where the function returns, so an explicit C.free on an early return and
// a deferred one make two. A loop is gone round twice. Functions that free what
// they are given count, those of other packages too.
//
// The finding is the release that comes second in time; if it was deferred, the
// defer statement.
//
// Severity is critical where one release implies the other or nothing is
// decided between them, high where conditions in between decide.
//
// Not findings: a release guarded by a comparison with nil when the first one
// sets the variable to nil; a flag or sync.Once that lets the second pass; a
// pointer that was assigned anew; functions that count references (names that
// end in unref or release).
package cdoublefree
