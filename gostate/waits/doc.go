// Package waits says what each goroutine of a stopped process waits for, who
// holds it, which of them wait for each other, and which can never go on.
//
// [Analyze] goes over the goroutines once and groups them by the object that
// they wait for: a channel, a mutex, a WaitGroup, a file descriptor. Objects are
// found where the runtime itself keeps them (the list of waiters of a select,
// the table of semaphores, the descriptors of the poller), so they are there in
// stripped programs too; what kind of lock a semaphore belongs to is told by
// the function of package sync that waits.
//
// # Evidence
//
// Nothing in a Go process says who holds a mutex. A [Holder] is strong when a
// deferred call that is still to come unlocks this very mutex, or when the
// function that waits proves it: a writer that waits for the last reader to
// leave has the lock's turn. It is weak when there is no more than a pointer to
// the object on a stack. [Cycle] has the same grades. A mutex that is not
// locked has no holder, whatever refers to it.
//
// A goroutine is leaked when no goroutine that can still run is able to reach
// what it waits for, by the algorithm of Go 1.26's goroutine leak profile over
// memory as it is in the core. All words that might be pointers count as such,
// so too much is thought reachable, never too little, but for pointers that
// Go itself does not see: in C's memory, or hidden in integers.
//
// # Untrusted input
//
// Lists in memory are followed only while their elements point back at what
// owns them, and all lists together take no more steps than memory has room
// for elements. What is kept is a few words for each goroutine and object.
//
// # Compatibility
//
// Go 1.21 to 1.27. The layouts of package sync that are not in the generated
// tables have not changed in these releases; each is cited where it is used.
package waits
