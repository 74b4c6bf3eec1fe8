package fact

// A Memory is a set of kinds of memory, or of ignorance about it.
type Memory uint16

const (
	Local   Memory = 1 << iota // a Go variable; it lies on a stack unless it escapes
	Heap                       // made by new, make, a literal, append, a conversion
	Given                      // a typed Go pointer that any caller may pass
	Reflect                    // an address that a reflect.Value gave out
	Loaded                     // a typed Go pointer read from memory or got from another package
	Opaque                     // an unsafe.Pointer that any caller may pass
	Static                     // package variables, functions, string constants: never moved or freed
	C                          // C memory
	Mapped                     // mmap, shared memory, system calls
	Unknown
)
