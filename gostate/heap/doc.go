// Package heap reads the Go heap of a stopped process: which span, slot and
// object an address lies in, whose stack, and what can be reached from where.
//
// [Open] finds runtime.mheap_ without symbols: it is the one place among the
// program's variables from which the runtime's own tables lead to the span of a
// goroutine that is already known. [Heap.SpanAt] and [Heap.Find] then take the
// way that the runtime takes from a pointer to its object, four reads, and cost
// the same in a heap of any size. [Heap.Marker] is the one part that looks at
// the whole heap.
//
// # Allocated, dead, reachable
//
// A slot is allocated as long as the allocator has not got it back. Between the
// end of a collection and the sweep of its span, that holds of dead objects
// too; [Object.State] tells those apart by the collector's marks. Whether an
// object that no collection has judged can still be reached, only a [Marker]
// can say.
//
// # Types
//
// Most Go objects carry no type. The exceptions are objects with pointers that
// are larger than 512 bytes (Go 1.22 and newer), those with a finalizer, and
// the runtime's own structures; [Heap.TypeOf] says which it was, or why nothing
// is known.
//
// # Untrusted input
//
// A core can lie about everything here. Spans are believed only if they hold
// the address that led to them and their numbers fit each other; lists are
// followed for as many steps as their span has bytes; no number of the core
// decides an allocation before it is compared with the memory that there is.
//
// # Compatibility
//
// Go 1.21 to 1.27 on linux/amd64, linux/arm64 and wasm, with Green Tea and
// without. Spans of user arenas (GOEXPERIMENT=arenas) are read as large objects.
package heap
